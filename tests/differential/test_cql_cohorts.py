"""The same cohorts in CQL and as segments, on the synthetic population (docs/differential.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
import yaml

from shared.fhir.instants import parse_instant
from shared.segment.compile import compile_segments
from shared.segment.definition import SegmentDefinition, parse_segment
from tests.differential import engine_kit
from tests.differential.engine_kit import AS_OF, HERE, POPULATION, Cohorts
from tests.unit.segment import shipped

NAMES = sorted(path.stem for path in (HERE / "segments").glob("*.yaml"))
AWAITED = {"black-not-hispanic"}
"""Cohorts that the language has no words for yet."""

pytestmark = pytest.mark.skipif(bool(engine_kit.lacking()), reason=engine_kit.lacking())


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Cohorts, Cohorts]]:
    """Evaluate all cohorts twice, at the same time: by CQL and by our segments."""
    with engine_kit.running() as engine:
        yield ours(), engine.cohorts()


def ours() -> Cohorts:
    segments = compile_segments([definition(name) for name in NAMES], shipped.valuesets(), UTC)
    records, now = shipped.population(POPULATION), parse_instant(AS_OF)
    return {
        segment.url.rpartition("/")[2]: frozenset(
            patient for patient, record in records.items() if segment.evaluate(record, now).member
        )
        for segment in segments
    }


def definition(name: str) -> SegmentDefinition:
    path = HERE / "segments" / f"{name}.yaml"
    return parse_segment(yaml.safe_load(path.read_text()), path.name)


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_find_the_same_patients(both: tuple[Cohorts, Cohorts], name: str) -> None:
    segment, cql = both[0][name], both[1][name]
    assert {"only ours": sorted(segment - cql), "only CQL": sorted(cql - segment)} == {
        "only ours": [],
        "only CQL": [],
    }


def test_every_cohort_tells_people_apart(both: tuple[Cohorts, Cohorts]) -> None:
    """Nobody or everybody would prove nothing."""
    sizes = {name: len(ids) for name, ids in both[1].items()}
    assert {name: size for name, size in sizes.items() if not 0 < size < 400} == {}


def test_every_cohort_in_cql_has_its_segment(both: tuple[Cohorts, Cohorts]) -> None:
    assert set(NAMES) == set(both[1]) - AWAITED


def test_every_cohort_is_told_of(both: tuple[Cohorts, Cohorts]) -> None:
    rows = [
        line for line in (shipped.ROOT / "docs" / "differential.md").read_text().splitlines() if "|" in line
    ]
    told = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert told - {"cql-execution", "cql-exec-fhir"} == set(both[1])


def test_the_counts_of_the_data_folder_hold(both: tuple[Cohorts, Cohorts]) -> None:
    names = ("diabetes-with-the-dead", "diabetes-high-with-the-dead", "diabetes-high")
    assert [len(both[1][name]) for name in names] == [37, 10, 9]


def test_a_folder_without_patients_is_refused(tmp_path: Path) -> None:
    with (
        engine_kit.running(tmp_path) as engine,
        pytest.raises(AssertionError, match=r"expected a folder with"),
    ):
        engine.cohorts()


def test_an_instant_without_an_offset_is_refused() -> None:
    with (
        engine_kit.running(as_of="2021-04-01") as engine,
        pytest.raises(AssertionError, match="expected an instant"),
    ):
        engine.cohorts()

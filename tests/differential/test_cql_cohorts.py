"""The same cohorts in CQL and as segments, on the synthetic population (docs/differential.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path

import pytest
import yaml

from shared.fhir.instants import Instant, parse_instant
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segments
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition, parse_segment
from tests.differential import engine_kit
from tests.differential.engine_kit import AS_OF, HERE, POPULATION, Cohorts
from tests.unit.segment import shipped

NAMES = sorted(path.stem for path in (HERE / "segments").glob("*.yaml"))
EARLIER = "2015-07-15T12:34:56Z"
"""An instant with years of data after it: what has not begun must not count."""

type Both = Mapping[str, tuple[Cohorts, Cohorts]]
"""Ours and CQL's, by instant."""

pytestmark = pytest.mark.skipif(bool(engine_kit.lacking()), reason=engine_kit.lacking())


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    """Evaluate all cohorts by our segments and, at the same time, by CQL; both at each instant."""
    with engine_kit.running(as_of=AS_OF) as last, engine_kit.running(as_of=EARLIER) as before:
        mine = ours(AS_OF, EARLIER)
        yield {AS_OF: (mine[AS_OF], last.cohorts()), EARLIER: (mine[EARLIER], before.cohorts())}


def ours(*instants: str) -> Mapping[str, Cohorts]:
    segments = compile_segments([definition(name) for name in NAMES], shipped.valuesets(), UTC)
    records = shipped.population(POPULATION)
    return {
        text: {s.url.rpartition("/")[2]: members(s, records, parse_instant(text)) for s in segments}
        for text in instants
    }


def members(segment: CompiledSegment, records: Mapping[str, PatientRecord], now: Instant) -> frozenset[str]:
    return frozenset(patient for patient, record in records.items() if segment.evaluate(record, now).member)


def definition(name: str) -> SegmentDefinition:
    path = HERE / "segments" / f"{name}.yaml"
    return parse_segment(yaml.safe_load(path.read_text()), path.name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("instant", [AS_OF, EARLIER])
def test_both_engines_find_the_same_patients(both: Both, instant: str, name: str) -> None:
    segment, cql = (cohorts[name] for cohorts in both[instant])
    assert (sorted(segment - cql), sorted(cql - segment)) == ([], []), "only ours; only CQL"


def test_every_cohort_tells_people_apart(both: Both) -> None:
    """Nobody or everybody would prove nothing."""
    sizes = {name: len(ids) for name, ids in both[AS_OF][1].items()}
    assert {name: size for name, size in sizes.items() if not 0 < size < 400} == {}


def test_every_cohort_in_cql_has_its_segment(both: Both) -> None:
    assert set(NAMES) == set(both[AS_OF][1])


def test_every_cohort_is_told_of(both: Both) -> None:
    rows = [
        line for line in (shipped.ROOT / "docs" / "differential.md").read_text().splitlines() if "|" in line
    ]
    told = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert told - {"cql-execution", "cql-exec-fhir"} == set(both[AS_OF][1])


def test_the_counts_of_the_data_folder_hold(both: Both) -> None:
    names = ("diabetes-with-the-dead", "diabetes-high-with-the-dead", "diabetes-high")
    assert [len(both[AS_OF][1][name]) for name in names] == [37, 10, 9]


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

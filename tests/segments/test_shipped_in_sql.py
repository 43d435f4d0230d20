"""The shipped segments as SQL over columns find whom evaluation finds in their small populations.

The synthetic patients are asked in tests/unit/segment/test_sql_shipped.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC

import pytest
from msgspec.structs import replace

from shared.adapters.columns_duckdb import ParquetColumns
from shared.adapters.columns_writer import ParquetWriter
from shared.fhir.instants import Instant, parse_instant
from shared.patient.record import PatientRecord
from shared.segment.sql.translate import to_sql
from tests.segments.cohorts import cases, names
from tests.unit.segment import shipped

ASKED = "SELECT id FROM patients SEMI JOIN members USING (patient)"
DEFINITIONS = {definition.url.removeprefix(shipped.URL): definition for definition in shipped.definitions()}


class Columns:
    """Records, and the same in columns."""

    def __init__(self, records: Mapping[str, PatientRecord], folder: pytest.TempPathFactory) -> None:
        self.records = records
        place = folder.mktemp("columns")
        writer = ParquetWriter(place, shard=4)
        for record in records.values():
            writer.add(record)
        writer.finish(Instant(0))
        self.columns = ParquetColumns(place)

    def asked(self, name: str, now: Instant) -> set[str]:
        others = {definition.url: definition for definition in DEFINITIONS.values()}
        snapshot = self.columns.snapshot
        query = to_sql(DEFINITIONS[name], shipped.valuesets(), UTC, now, snapshot, others)
        (rows,) = self.columns.ask(query, [ASKED])
        return {str(found) for (found,) in rows}

    def evaluated(self, name: str, now: Instant) -> set[str]:
        segment = shipped.segments()[name]
        return {who for who, record in self.records.items() if segment.evaluate(record, now).member}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    """All patients of all the small populations."""
    return Columns({record.patient_id: record for record in _small()}, tmp_path_factory)


def _small() -> Iterator[PatientRecord]:
    for name in names():
        for number, case in enumerate(cases(name)):
            yield replace(case.record, key=f"{name}-{number}", patient_id=f"{name}-{number}")


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_small_populations(small: Columns, name: str):
    now = parse_instant("2026-03-15T12:00:00Z")
    found = small.asked(name, now)
    assert found == small.evaluated(name, now)
    assert found

"""Every segment that ships, over the 615 synthetic patients: SQL, from scratch and change by change agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from shared.adapters.columns_duckdb import ParquetColumns
from shared.adapters.columns_writer import ParquetWriter
from shared.fhir.instants import DAY, Instant, parse_instant
from shared.patient.apply import apply_content
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segments
from shared.segment.evaluate import reassess
from shared.segment.index import SegmentIndex
from shared.segment.sql.translate import to_sql
from tests.unit.segment import shipped

AS_OF = parse_instant("2021-04-01T00:00:00Z")
LEAP_DAY = parse_instant("2020-02-29T12:00:00Z")
ASKED = "SELECT id FROM patients SEMI JOIN members USING (patient)"
PIECES = 6


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParquetColumns]:
    folder: Path = tmp_path_factory.mktemp("columns")
    writer = ParquetWriter(folder, shard=250)
    for record in shipped.synthetic().values():
        writer.add(record)
    writer.finish(AS_OF)
    opened = ParquetColumns(folder)
    yield opened
    opened.close()


@cache
def index() -> SegmentIndex:
    return SegmentIndex(compile_segments(shipped.definitions(), shipped.valuesets(), UTC))


def members(now: Instant) -> dict[str, set[str]]:
    """Evaluate everybody from scratch."""
    return {
        segment.url: {who for who, r in shipped.synthetic().items() if segment.evaluate(r, now).member}
        for segment in index().all
    }


@pytest.mark.parametrize("now", [AS_OF, LEAP_DAY])
def test_sql_finds_whom_evaluation_finds(columns: ParquetColumns, now: Instant):
    definitions = {definition.url: definition for definition in shipped.definitions()}
    found = {}
    for url, definition in definitions.items():
        query = to_sql(definition, shipped.valuesets(), UTC, now, columns.snapshot, definitions)
        (rows,) = columns.ask(query, [ASKED])
        found[url] = {who for (who,) in rows}
    assert found == members(now)
    assert sum(map(bool, found.values())) > len(found) / 2


def test_change_by_change_leads_where_evaluation_from_scratch_leads():
    expected = members(AS_OF)
    for who, whole in shipped.synthetic().items():
        held = {url for url, membership in grown(whole).memberships.items() if membership.member}
        assert held == {url for url, everybody in expected.items() if who in everybody}


def grown(whole: PatientRecord) -> PatientRecord:
    """Let a record come about piece by piece, looking each time only at what is touched or due."""
    record = replace(whole, facts=Facts(), memberships={})
    facts = list(whole.facts)
    record, _ = reassess(record, index().all, Instant(AS_OF - PIECES * DAY))
    for piece in range(PIECES):
        now, touched = Instant(AS_OF - (PIECES - 1 - piece) * DAY), {}
        for fact in facts[piece::PIECES]:
            record, changed = apply_content(record, fact)
            if changed is not None:
                touched |= {segment.url: segment for segment in index().touched_by(changed, record.facts)}
        wanted = {**touched, **{segment.url: segment for segment in index().due(record, now)}}
        record, _ = reassess(record, [s for s in index().all if s.url in wanted], now)
    return record

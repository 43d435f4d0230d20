"""Every criterion can be said in SQL, and what authors write stays text there."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from shared.adapters.columns_duckdb import ParquetColumns
from shared.adapters.columns_writer import ParquetWriter
from shared.errors import Invalid, Rejected
from shared.fhir.instants import Instant
from shared.segment.columns import Snapshot
from shared.segment.criteria.language import FAMILIES
from shared.segment.criterion import Compiled, Context, Criterion
from shared.segment.definition import SegmentDefinition
from shared.segment.sql import members as _  # noqa: F401 - completes SAID
from shared.segment.sql.criteria import SAID
from shared.segment.sql.translate import to_sql
from shared.segment.static_list import StaticList, StaticLists
from tests.unit.segment.making import NO_VALUESETS, at, definition, fact, record

NOW = at("2026-03-01")
EMPTY = Snapshot(Instant(0), 0, 0)
ASKED = ["SELECT count(*) FROM members"]


def test_every_criterion_is_said() -> None:
    assert set(FAMILIES.values()) == SAID.keys()


def test_what_cannot_be_said_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class NewCriterion(Criterion):
        """A criterion that SQL does not know."""

        brand_new: str

        def compile(self, context: Context) -> Compiled:
            raise NotImplementedError

    made = definition({"all": [{"active": True}, {"active": True}]})
    criteria = made.criteria.model_copy(update={"all_": (NewCriterion(brand_new="x"),)})
    with pytest.raises(Invalid, match=r"criteria\.all\[0\]: brand_new cannot be said in SQL yet"):
        to_sql(made.model_copy(update={"criteria": criteria}), NO_VALUESETS, UTC, NOW, EMPTY)


@pytest.fixture
def columns(tmp_path: Path):
    """Hold one patient, whose condition is named with a quote."""
    writer = ParquetWriter(tmp_path)
    condition = fact("Condition", "1", "2020-01-01/", status="active", title="O'Brien's disease")
    writer.add(record(condition))
    writer.finish(NOW)
    opened = ParquetColumns(tmp_path)
    yield opened
    opened.close()


def count(columns: ParquetColumns, made: SegmentDefinition, lists: StaticLists | None = None) -> int:
    query = to_sql(made, NO_VALUESETS, UTC, NOW, columns.snapshot, {}, lists or StaticLists())
    return int(columns.ask(query, ASKED)[0][0][0])


@pytest.mark.parametrize(("text", "found"), [("o'brien", 1), ("' OR '1' = '1", 0), ("%", 0), ("\\", 0)])
def test_a_quote_is_a_quote(columns: ParquetColumns, text: str, found: int) -> None:
    assert count(columns, definition({"has": {"type": "Condition", "text": text}})) == found


@pytest.mark.parametrize(("patients", "identifiers", "found"), [(["ada"], [], 1), (["eve"], ["urn:x|1"], 0)])
def test_static_lists_are_asked(
    columns: ParquetColumns, patients: list[str], identifiers: list[str], found: int
) -> None:
    held = StaticList("urn:list", "1", "List", frozenset(patients), frozenset(identifiers))
    assert count(columns, definition({"in_list": "urn:list"}), StaticLists([held])) == found


def test_a_list_that_is_not_there_is_named(columns: ParquetColumns) -> None:
    with pytest.raises(Invalid, match="no list that is defined"):
        count(columns, definition({"in_list": "urn:list"}))


def test_a_folder_without_a_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="there are no columns"):
        ParquetColumns(tmp_path)


def test_columns_of_another_layout_are_refused(columns: ParquetColumns, tmp_path: Path) -> None:
    (tmp_path / "snapshot.json").write_text('{"as_of":0,"patients":0,"facts":0,"layout":0}')
    with pytest.raises(Rejected, match="build them again"):
        ParquetColumns(tmp_path)


def test_a_snapshot_begun_again_counts_only_when_it_is_whole(columns: ParquetColumns, tmp_path: Path) -> None:
    writer = ParquetWriter(tmp_path)
    with pytest.raises(Rejected):
        ParquetColumns(tmp_path)
    writer.finish(NOW)
    opened = ParquetColumns(tmp_path)
    assert (opened.snapshot.patients, count(opened, definition({"active": True}))) == (0, 0)
    opened.close()

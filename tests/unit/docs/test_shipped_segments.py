"""docs/segments.md lists what ships: every segment, with its parameters."""

from __future__ import annotations

import re

import yaml

from tests.unit.docs.pages import DOCS, ROOT, code, table

PAGE = DOCS / "segments.md"
FILES = sorted((ROOT / "definitions" / "segments").glob("*.yaml"))


def test_every_shipped_segment_is_in_the_table_with_its_parameters() -> None:
    rows = {code(row[0]): re.findall(r"`(\w+)`", row[2]) for row in table(PAGE, "## What ships")}
    shipped = {path.stem: list(yaml.safe_load(path.read_text()).get("parameters", ())) for path in FILES}
    assert rows == shipped
    assert list(rows) == sorted(rows)


def test_every_row_says_who_is_in() -> None:
    assert [row for row in table(PAGE, "## What ships") if len(row) != 3 or len(row[1]) < 10] == []


def test_every_shipped_segment_can_be_checked_by_a_reader() -> None:
    documents = [yaml.safe_load(path.read_text()) for path in FILES]
    assert [
        d["url"] for d in documents if not (d.get("description") and d.get("owner") and d.get("tags"))
    ] == []

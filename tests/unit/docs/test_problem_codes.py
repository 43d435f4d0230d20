"""docs/api.md names every code of a problem document that the API itself gives."""

from __future__ import annotations

import re

from tests.unit.docs.pages import DOCS, ROOT, table

GIVEN = re.compile(r'Refusal\(\s*(\d{3}),\s*"([a-z-]+)"')


def test_every_code_is_on_the_page_under_its_status() -> None:
    """Codes of 422 are many and speak for themselves, as do those that begin with `unknown-`."""
    rows = {row[0]: set(re.findall(r"`([a-z-]+)`", row[1])) for row in table(DOCS / "api.md", "## Errors")}
    found = {
        (status, code)
        for path in (ROOT / "functions" / "admin").glob("*.py")
        for status, code in GIVEN.findall(path.read_text())
    }
    assert len(found) > 10
    told = {(status, code) for status, code in found if status != "422" and not code.startswith("unknown-")}
    assert sorted((status, code) for status, code in told if code not in rows[status]) == []

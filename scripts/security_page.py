"""Write the table of operations by role in docs/security.md from the table in shared/access.

A test holds the page to it: run this after any change of a row.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from shared.access.operation import Operation  # noqa: E402  # the path comes first
from shared.access.roles import Role  # noqa: E402
from shared.access.table import OPERATIONS  # noqa: E402

PAGE = ROOT / "docs" / "security.md"
MARK = "<!-- What follows is written by scripts/security_page.py: a test holds it to the code. -->"

SHORT = {
    Role.MARKETER: "Mk",
    Role.APPROVER: "Ap",
    Role.EVENT_PLANNER: "EP",
    Role.CLINICAL_USER: "CU",
    Role.NON_CLINICAL_USER: "NC",
    Role.AGENT: "Ag",
    Role.SUPERVISOR: "Su",
    Role.FHIR_SYNC_ADMIN: "FS",
    Role.AUDITOR: "Au",
    Role.ADMINISTRATOR: "Ad",
}
"""Heads of columns."""


def written(page: str) -> str:
    """Return the page with the table as it is now."""
    return f"{page.partition(MARK)[0]}{MARK}\n\n" + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f"{len(OPERATIONS)} operations. {', '.join(f'{short}: {role}' for role, short in SHORT.items())}."
    yield ""
    yield f"| operation | address | {' | '.join(SHORT.values())} | trail |"
    yield f"|---|---|{'---|' * len(SHORT)}---|"
    yield from map(_row, OPERATIONS.values())


def _row(row: Operation) -> str:
    marks = (("g" if role in row.glass else "x") if role in row.roles else "" for role in SHORT)
    return f"| `{row.name}` | {row.method} `{row.path}` | {' | '.join(marks)} | {row.audited} |"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")

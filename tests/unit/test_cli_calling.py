"""Where commands find the admin API, and how they show long work."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from cli.calling import _host
from cli.operations import _table


@pytest.mark.parametrize(
    "told", ["https://host", "https://host/", "https://host/api/admin/v1", "https://host/api/admin/v1/"]
)
def test_the_address_of_the_app_and_of_its_api_lead_there(told: str) -> None:
    assert _host(told) == "https://host"


def test_the_id_of_long_work_stands_in_one_line_however_narrow_the_terminal() -> None:
    work: dict[str, object] = {
        "operation": "998204641014363226-88c1b52f55af",
        "kind": "simulate-journey",
        "status": "succeeded",
    }
    work |= {"asked": "2026-03-02T09:00:00.000Z", "phase": "", "done": 40, "of": 41}
    shown = StringIO()
    Console(width=80, file=shown).print(_table([{**work, "cancelling": False, "stands_still": False}]))
    assert str(work["operation"]) in shown.getvalue()

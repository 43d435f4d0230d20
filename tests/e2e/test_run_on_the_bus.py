"""`hearthline run --once --transport servicebus`: the same days on Service Bus come to the same good end."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from test_run_once import command, free_base

ROOT = Path(__file__).parents[2]


def test_the_days_end_well_on_service_bus(tmp_path: Path) -> None:
    """Every story comes out, and in the end nothing waits on the bus, nor is anything dead-lettered."""
    chosen = ("run", "--once", "--transport", "servicebus")
    done = subprocess.run(
        command(tmp_path, free_base(), *chosen),
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "140"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["good"] is True
    assert summary["messages_sent"] == summary["messages_expected"] > 20
    counts = ("messages_unknown", "duplicates", "lost", "unexpected")
    assert [summary[name] for name in counts] == [0, 0, 0, 0]
    settings = json.loads((tmp_path / "local.settings.json").read_text())["Values"]
    assert settings["HEARTHLINE_TRANSPORT"] == "servicebus"
    assert "Service Bus sandbox at" in (tmp_path / "logs" / "bus.log").read_text()
    assert "Traceback" not in done.stdout + done.stderr
    logs = "".join(path.read_text() for path in (tmp_path / "logs").glob("*.log"))
    assert "Unclosed" not in logs
    assert "never retrieved" not in logs

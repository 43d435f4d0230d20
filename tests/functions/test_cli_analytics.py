"""`hearthline analytics` on a whole product: figures as a table, JSON and files; a log that is rebuilt."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

from typer.testing import CliRunner
from ward import Ward

from cli.main import app
from sandbox.play import resources as make

DIABETES = "https://hearthline.example/journeys/diabetes-outreach"


async def command(ward: Ward, *words: str) -> tuple[int, str]:
    """Run a command on the product; it has an event loop of its own."""
    settings = ward.product.stack.plan.folder / "local.settings.json"
    arguments = ["analytics", *words, "--settings", str(settings)]
    outcome = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    return outcome.exit_code, outcome.stdout


async def test_figures_are_shown_written_and_the_same_after_a_rebuild(ward: Ward, tmp_path: Path) -> None:
    await ward.admit("figured-1", "+12065550736")
    await ward.write(make.hba1c("figured-1", 1, 9.8, ward.now))
    assert len(ward.sent("+12065550736")) == 1
    code, told = await command(ward, "messages", "--count-by", "channel", "--json")
    assert code == 0, told
    before = {row["channel"]: row["sent"] for row in json.loads(told)["rows"]}
    assert before["sms"] >= 1
    file = tmp_path / "messages.csv"
    assert (await command(ward, "messages", "--count-by", "channel", "--into", str(file)))[0] == 0
    with file.open(encoding="utf-8-sig", newline="") as read:
        assert {row["channel"]: int(row["sent"]) for row in csv.DictReader(read)} == before
    code, told = await command(ward, "funnel", DIABETES)
    assert (code, "as of" in told) == (0, True), told
    code, told = await command(ward, "rebuild", "--by", "u17", "--reason", "an instance died", "--json")
    assert code == 0, told
    assert json.loads(told)["patients"] >= 1
    code, told = await command(ward, "messages", "--count-by", "channel", "--json")
    assert {row["channel"]: row["sent"] for row in json.loads(told)["rows"]} == before


async def test_what_is_not_there_is_said(ward: Ward) -> None:
    code, _ = await command(ward, "goals", "https://hearthline.example/journeys/none")
    assert code == 1

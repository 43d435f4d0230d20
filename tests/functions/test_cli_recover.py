"""`hearthline recover` and `hearthline backup save` on a whole product: what nobody told is found, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner
from ward import Ward

from cli.main import app
from sandbox.play import resources as make
from shared.fhir.instants import MINUTE, iso


async def command(ward: Ward, *words: str) -> tuple[int, str]:
    """Run a command on the product; it has an event loop of its own."""
    settings = ward.product.stack.plan.folder / "local.settings.json"
    arguments = [*words, "--settings", str(settings)]
    outcome = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    return outcome.exit_code, outcome.output.replace("\n", " ")


async def test_what_no_notification_brought_is_queued_and_only_once(ward: Ward) -> None:
    """A day's events were lost: the search finds them by the server's own clock."""
    begin = iso(ward.pass_time(MINUTE))
    ward.put(make.patient("recover-1", "Ana", "Rivera", "+12125550181"))
    ward.put(make.diabetes("recover-1"))
    assert not (await ward.record("recover-1")).person
    code, told = await command(ward, "recover", begin)
    assert (code, "2 changes queued." in told) == (0, True), told
    await ward.product.idle()
    record = await ward.record("recover-1")
    assert record.person is not None
    assert len(record.facts.of("Condition")) == 1
    assert (await command(ward, "recover", begin))[1].endswith("0 changes queued. ")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [(["yesterday"], "is no instant"), (["2026-01-01T00:00:00Z", "--type", "Foo"], "Foo")],
)
async def test_what_it_cannot_use_is_said(ward: Ward, words: list[str], wanted: str) -> None:
    code, told = await command(ward, "recover", *words)
    assert code == 2
    assert wanted in told


async def test_a_backup_is_taken_while_all_goes_on_and_is_not_put_over_it(ward: Ward, tmp_path: Path) -> None:
    await ward.admit("backup-1", "+12125550182")
    code, told = await command(ward, "backup", "save", str(tmp_path / "saved"))
    assert (code, "rows of patients" in told) == (0, True), told
    words = ("backup", "restore", str(tmp_path / "saved"), "--by", "op", "--reason", "test")
    code, told = await command(ward, *words)
    assert (code, "is not empty" in told) == (1, True), told


@pytest.mark.parametrize("words", [[], ["--since", "2026-01-01T00:00:00Z", "--everybody"], ["--since", "x"]])
async def test_whom_to_hold_must_be_said(ward: Ward, words: list[str]) -> None:
    code, _ = await command(ward, "backup", "hold", "--by", "op", "--reason", "test", *words)
    assert code == 2

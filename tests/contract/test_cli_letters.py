"""`hearthline letters batch` over Azurite: the print house's file, once and once more."""

from __future__ import annotations

import asyncio
import stat
import uuid
import zipfile
from datetime import UTC
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from cli.main import app
from shared.adapters.letters_store import LetterChannel, Letterhead
from shared.bootstrap import open_blobs
from shared.config import settings
from shared.fhir.instants import parse_instant
from shared.message.outbound import Accepted, OutboundMessage

HEAD = Letterhead("Care", "1 Care Way, Springfield, IL 62701", "US", UTC)


@pytest.fixture
def environment(azurite: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = {"AzureWebJobsStorage": azurite, "HEARTHLINE_FHIR_URL": "http://127.0.0.1:1/fhir"}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


async def store(environment: dict[str, str], day: str) -> str:
    message = OutboundMessage(
        message_id=str(uuid.uuid4()), channel="letter", to="Maria\n1 Main Street\nSpringfield, IL 62701",
        text="Please call us.", first_sent=parse_instant(f"{day}T12:00:00Z"), language="en-US",
    )  # fmt: skip
    async with aiohttp.ClientSession() as session:
        blobs = await open_blobs(settings(environment), session)
        assert isinstance(await LetterChannel(blobs, HEAD).send(message), Accepted)
    return message.message_id


def run(*arguments: object):
    return CliRunner().invoke(app, ["letters", "batch", *map(str, arguments)])


def test_a_batch_and_the_same_once_more(environment: dict[str, str], tmp_path: Path) -> None:
    ids = {asyncio.run(store(environment, "2026-05-01")) for _ in range(2)}
    first, again = tmp_path / "first.zip", tmp_path / "again.zip"
    made = run("2026-05-01", first)
    assert made.stdout == f"Batch 1 of 2026-05-01: 2 letter(s), 2 page(s) in {first}\n"
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    with zipfile.ZipFile(first) as archive:
        assert set(archive.namelist()) == {"manifest.csv", *(f"{one}.pdf" for one in ids)}
    assert "once more" in run("2026-05-01", again).stdout
    assert again.read_bytes() == first.read_bytes()
    asyncio.run(store(environment, "2026-05-01"))
    assert run("2026-05-01", again).stdout.startswith("Batch 2 of 2026-05-01: 1 letter(s)")
    assert run("2026-05-01", again, "--number", 1).exit_code == 0
    assert again.read_bytes() == first.read_bytes()


def test_what_is_printed_can_be_dropped(environment: dict[str, str], tmp_path: Path) -> None:
    asyncio.run(store(environment, "2026-04-01"))
    run("2026-04-01", tmp_path / "batch.zip")
    asyncio.run(store(environment, "2026-04-01"))
    made = CliRunner().invoke(app, ["letters", "drop", "2026-04-02"])
    assert made.stdout == ("1 letter(s) of the days before 2026-04-02 removed; 1 in no batch yet are kept\n")


def test_no_letters_no_file(environment: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "none.zip"
    made = run("2026-05-02", out)
    assert made.exit_code == 1
    assert "no letters of 2026-05-02" in made.stderr
    assert not out.exists()


@pytest.mark.parametrize("day", ["20260501", "2026-13-01", "today", "2026-02-30"])
def test_what_is_no_day(environment: dict[str, str], tmp_path: Path, day: str) -> None:
    assert run(day, tmp_path / "none.zip").exit_code == 2

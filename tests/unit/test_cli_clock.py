"""`hearthline clock`: shows, jumps, changes speed, and refuses to go back."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from shared.adapters.clock import FileClock
from shared.fhir.instants import DAY, HOUR, parse_instant

START = parse_instant("2026-03-07T12:00:00Z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    FileClock.create(tmp_path / "clock", START, 0.0)
    return tmp_path


def say(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["clock", "--folder", str(folder), *words])
    return result.exit_code, result.output


def test_shows_the_clock(folder: Path) -> None:
    assert say(folder) == (0, "2026-03-07T12:00:00.000Z at speed 0\n")


def test_jumps_as_the_organisations_calendar_does(folder: Path) -> None:
    """A day over the start of daylight saving has 23 hours."""
    assert say(folder, "--forward", "P1D")[0] == 0
    assert FileClock(folder / "clock").now() == START + DAY - HOUR
    assert say(folder, "--to", "2026-03-20T00:00:00Z", "--speed", "0")[0] == 0
    assert FileClock(folder / "clock").now() == parse_instant("2026-03-20T00:00:00Z")


def test_changes_the_speed(folder: Path) -> None:
    assert say(folder, "--speed", "60")[0] == 0
    assert FileClock(folder / "clock").speed == 60.0


@pytest.mark.parametrize(
    "words", [("--to", "2026-03-01"), ("--to", "soon"), ("--forward", "3 days"), ("--forward", "-P1D")]
)
def test_what_makes_no_sense_is_refused_and_nothing_moves(folder: Path, words: tuple[str, str]) -> None:
    assert say(folder, *words)[0] == 2
    assert FileClock(folder / "clock").now() == START


def test_no_stack_no_clock(tmp_path: Path) -> None:
    code, output = say(tmp_path)
    assert code == 2
    assert "there is no clock" in " ".join(output.split())

"""docs/simulation.md: its example runs as it says, and its table has every assumption with its default."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from shared.fhir.calendar import parse_duration
from shared.usecases.simulation.assumptions import LENGTHS, PRICES, SHARES
from tests.unit.docs.pages import DOCS, blocks, table

PAGE = DOCS / "simulation.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out the definitions and the data of the example."""
    journey, others, assumed = blocks(PAGE, "yaml")
    segment, template = others.split("---\n")
    (data,) = blocks(PAGE, "json")
    files = {
        "journeys/visit.yaml": journey,
        "segments/adults.yaml": segment,
        "templates/come.yaml": template,
        "people/ana.json": data,
        "assumed.yaml": assumed,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_runs_as_it_says(folder: Path) -> None:
    simulate, explain = (shlex.split(block)[1:] for block in blocks(PAGE, "sh"))
    made = json.loads(CliRunner().invoke(app, simulate).stdout)
    assert (made["patients"], made["journeys"][0]["entered"]) == (1, 1)
    (told,) = blocks(PAGE, "text")
    assert CliRunner().invoke(app, explain).stdout == told
    assumed = CliRunner().invoke(app, [*simulate, "--assumptions", str(folder / "assumed.yaml")])
    assert json.loads(assumed.stdout)["assumed"]["answered:yes"] == "0.4"


def test_the_table_has_every_assumption_with_its_default() -> None:
    rows = {name: row[1] for row in table(PAGE, "## What is supposed") for name in _names(row[0])}
    assert set(rows) == {name.partition(":")[0] for name in SHARES} | {*LENGTHS, "slots"}
    for name, part in SHARES.items():
        assert f"{part:g}" in rows[name.partition(":")[0]].split()
    for name, length in LENGTHS.items():
        assert length in map(parse_duration, rows[name].split(", "))


def test_the_prices_are_those_of_the_code() -> None:
    said = ", ".join(f"{channel} {price:g}" for channel, price in PRICES.items())
    assert said in " ".join(PAGE.read_text().split())


def _names(cell: str) -> list[str]:
    return [part.strip("` ") for part in cell.split(",")]

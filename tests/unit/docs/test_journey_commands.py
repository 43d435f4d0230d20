"""docs/journey-commands.md: every command on the page is run, and says what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.docs.pages import DOCS, ROOT, blocks

PAGE = DOCS / "journey-commands.md"
RUNS = [run for block in blocks(PAGE, "console") for run in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
OTHER = (
    'url: https://hearthline.example/segments/diabetis\nversion: "1"\ntitle: X\ncriteria: {active: true}\n'
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the files of the page, and a folder of definitions beside them."""
    for block in blocks(PAGE, "yaml"):
        name, _, text = block.removeprefix("# ").partition("\n")
        (tmp_path / name).write_text(text)
    (tmp_path / "mine" / "segments").mkdir(parents=True)
    (tmp_path / "mine" / "segments" / "diabetis.yaml").write_text(OTHER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("run", RUNS, ids=[run.partition("\n")[0] for run in RUNS])
def test_commands_say_what_the_page_says(run: str, here: Path) -> None:
    command, _, expected = run.partition("\n")
    program, *words = shlex.split(command)
    assert program == "hearthline"
    result = CliRunner().invoke(app, words)
    assert [line.rstrip() for line in result.output.splitlines()] == expected.rstrip().splitlines()
    for word in words:
        assert not word.endswith(".svg") or (here / word).read_text().startswith("<svg")


def test_all_options_are_named() -> None:
    text = PAGE.read_text()
    for name in ("check", "show"):
        module = (ROOT / "cli" / f"journey_{name}.py").read_text() + (
            ROOT / "cli/journey_files.py"
        ).read_text()
        assert [option for option in re.findall(r'"(--[a-z-]+)"', module) if option not in text] == []

"""`hearthline publish` of a folder without definitions: told, and no success."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.mark.parametrize("name", ["", "misspelt"])
def test_a_folder_without_definitions_is_told(tmp_path: Path, name: str):
    result = CliRunner().invoke(app, ["publish", str(tmp_path / name)])
    assert result.exit_code == 1
    assert "there are no definitions in it" in " ".join(result.output.split())

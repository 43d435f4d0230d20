"""`hearthline publish` against real storage: once, again, changed, and wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.definitions import SHIPPED
from cli.main import app


@pytest.fixture
def deployment(azurite: str, tmp_path: Path) -> Path:
    """Write a settings file that names the emulator."""
    values = {"AzureWebJobsStorage": azurite, "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9/fhir"}
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": values}))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy what ships, under urls of its own, so that no other test sees it."""
    copy = tmp_path / "definitions"
    shutil.copytree(SHIPPED, copy)
    for path in [*copy.rglob("*.yaml"), *copy.rglob("*.json")]:
        path.write_text(path.read_text().replace("hearthline.example", f"{tmp_path.name}.example"))
    return copy


def _publish(folder: Path, deployment: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["publish", str(folder), "--settings", str(deployment)])
    return result.exit_code, result.output


def test_what_ships_is_published_once(folder: Path, deployment: Path) -> None:
    """The second time nothing is new and nobody is looked at."""
    code, first = _publish(folder, deployment)
    assert code == 0, first
    assert "segments/diabetes-poor-control|1.0.0" in first.replace("\n", "")
    code, second = _publish(folder, deployment)
    assert code == 0
    assert second.startswith("0 of ")
    assert "nobody need be looked at" in second


def test_a_published_version_never_changes(folder: Path, deployment: Path) -> None:
    """Other content under the same version is refused, and the file is named."""
    assert _publish(folder, deployment)[0] == 0
    changed = folder / "segments" / "adults.yaml"
    changed.write_text(changed.read_text().replace("title: ", "title: Other "))
    code, output = _publish(folder, deployment)
    assert code == 1
    assert "segments/adults.yaml" in output
    assert "a new version" in output.replace("\n", " ")


def test_every_mistake_is_named_and_nothing_is_published(folder: Path, deployment: Path) -> None:
    """A broken file, an unknown word and a template that is not there, all at once."""
    (folder / "segments" / "broken.yaml").write_text("criteria: [")
    assert "segments/broken.yaml" in _publish(folder, deployment)[1]
    (folder / "segments" / "broken.yaml").unlink()
    (folder / "segments" / "adults.yaml").write_text("url: urn:x\nversion: '1'\ntitle: x\ncriterion: {}\n")
    (folder / "templates" / "diabetes-invitation.yaml").unlink()
    code, output = _publish(folder, deployment)
    assert code == 1
    assert "segments/adults.yaml" in output
    assert "criterion" in output
    assert "diabetes-invitation" in output


def test_settings_that_are_missing_are_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No stack trace: the variables, each on a line."""
    for name in ("AzureWebJobsStorage", "HEARTHLINE_FHIR_URL"):
        monkeypatch.delenv(name, raising=False)
    empty = tmp_path / "empty.json"
    empty.write_text('{"Values": {}}')
    code, output = _publish(folder, empty)
    assert code == 1
    assert "HEARTHLINE_FHIR_URL" in output

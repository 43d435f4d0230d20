"""`hearthline campaign check`: what is wrong, where, and what is allowed but seldom meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app

BASE = "https://example.org"
SOUND = {
    "url": f"{BASE}/campaigns/flu",
    "version": "1",
    "title": "Influenza",
    "journey": f"{BASE}/journeys/flu",
    "audience": {"in": [f"{BASE}/segments/flu"]},
    "schedule": {"start": "2026-03-02T10:00"},
    "pace": {"per_hour": 100},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    steps = [{"id": "out", "kind": "exit"}]
    journey = {"url": f"{BASE}/journeys/flu", "version": "1", "title": "Flu", "steps": steps}
    segment = {
        "url": f"{BASE}/segments/flu",
        "version": "1",
        "title": "Flu",
        "criteria": {"gender": ["female"]},
    }
    for kind, body in (("journeys", {**journey, "trigger": {"manual": True}}), ("segments", segment)):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "flu.yaml").write_text(yaml.safe_dump(body))
    return tmp_path


def checked(folder: Path, *, code: int = 0, **changes: Any) -> str:
    file = folder / "campaign.yaml"
    file.write_text(yaml.safe_dump({**SOUND, **changes}))
    result = CliRunner().invoke(app, ["campaign", "check", str(file), "--definitions", str(folder)])
    assert result.exit_code == code, result.output
    return result.output


def test_a_sound_one(folder: Path) -> None:
    assert f"{BASE}/campaigns/flu|1 is sound." in checked(folder)


def test_every_mistake_with_its_place(folder: Path) -> None:
    said = checked(folder, code=1, pace={"per_hour": 0}, schedule={"start": "soon"})
    assert "pace.per_hour" in said
    assert "schedule.start" in said
    said = checked(folder, code=1, audience={"in": ["urn:x"], "not_in": ["urn:y"]}, journey="urn:z")
    for path, what in (("audience.in[0]", "urn:x"), ("audience.not_in[0]", "urn:y"), ("journey", "urn:z")):
        assert f"campaign.yaml: {path}: there is no" in said
        assert what in said


def test_what_is_allowed_and_seldom_meant(folder: Path) -> None:
    rule = {"start": "2026-03-02T10:00", "rrule": "FREQ=MONTHLY;BYMONTHDAY=1"}
    said = checked(folder, pace=None, approval="none", schedule=rule)
    assert "everybody is asked as fast as can be" in said
    assert "nobody has to approve it" in said
    assert "nobody enters its journey twice" in said


def test_for_machines(folder: Path) -> None:
    file = folder / "campaign.yaml"
    file.write_text(yaml.safe_dump({**SOUND, "journey": "urn:z"}))
    words = ["campaign", "check", str(file), "--definitions", str(folder), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert "there is no journey urn:z" in json.loads(result.output)["problems"][0]

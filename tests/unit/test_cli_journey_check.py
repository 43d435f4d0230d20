"""`hearthline journey check | show | schema`: what authors see of sound and unsound journeys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

JOURNEY = """
url: https://example.org/journeys/check-up
version: "1"
title: Check-up
description: Invites [red]whoever[/red] is overdue.
trigger: {segment_entered: "https://example.org/segments/overdue"}
steps:
  - {id: invite, kind: send, template: "https://example.org/templates/check-up", channels: [sms]}
  - {id: a-week, kind: wait, duration: P7D}
  - id: which
    kind: branch
    cases: [{when: {criteria: {age: {at_least: 65}}}, next: invite}]
  - {id: done, kind: exit}
"""
SEGMENT = """
url: https://example.org/segments/overdue
version: "1"
title: Overdue
criteria: {age: {at_least: 40}}
"""
TEMPLATE = """
url: https://example.org/templates/check-up
version: "1"
title: Check-up
channels: {sms: {text: {en: Please call us.}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of definitions in which everything is sound."""
    for name, text in (("journeys", JOURNEY), ("segments", SEGMENT), ("templates", TEMPLATE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "check-up.yaml").write_text(text)
    return tmp_path


def call(*args: object) -> Result:
    return CliRunner().invoke(app, ["journey", *map(str, args)])


def change(folder: Path, old: str, new: str, file: str = "journeys/check-up.yaml") -> Path:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    return folder / file


def test_a_folder_whose_journeys_are_sound(folder: Path) -> None:
    result = call("check", folder)
    file = folder / "journeys/check-up.yaml"
    assert result.exit_code == 0, result.output
    assert result.output == f"{file}: https://example.org/journeys/check-up|1 is sound; 4 steps.\n"


def test_every_problem_with_its_place(folder: Path) -> None:
    file = change(folder, "channels: [sms]", "chanels: [sms]")
    result = call("check", file)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{file}: steps[0].channels: is missing",
        f"{file}: steps[0].chanels: is not known here (expected channels)",
    ]


def test_references_are_looked_up_and_the_nearest_is_suggested(folder: Path) -> None:
    file = change(folder, "segments/overdue", "segments/overdeu")
    change(folder, "templates/check-up", "templates/x", "templates/check-up.yaml")
    result = call("check", file, "--definitions", folder)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{file}: trigger.segment_entered: there is no segment https://example.org/segments/overdeu"
        " (expected https://example.org/segments/overdue)",
        f"{file}: steps[0].template: there is no template https://example.org/templates/check-up"
        " (expected a published template)",
    ]


def test_other_folders_come_before_the_files_own(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / "journeys"
    alone.mkdir(parents=True)
    file = alone / "check-up.yaml"
    file.write_text(JOURNEY)
    assert call("check", file).exit_code == 1
    assert call("check", file, "--definitions", folder).exit_code == 0


def test_what_it_leans_on_must_be_sound_too(folder: Path) -> None:
    change(folder, "at_least: 40", "at_leest: 40", "segments/check-up.yaml")
    result = call("check", folder / "journeys")
    assert result.exit_code == 1
    assert "segments/check-up.yaml: criteria.age" in result.output


def test_what_it_does_not_lean_on_matters_nothing(folder: Path) -> None:
    (folder / "segments" / "other.yaml").write_text("url: [")
    assert call("check", folder).exit_code == 0
    result = call("check", folder, "--definitions", folder)
    assert result.exit_code == 0
    assert "other.yaml: cannot be read" in result.output
    assert "left out" in result.output


def test_criteria_inside_a_branch_are_checked(folder: Path) -> None:
    file = change(folder, "at_least: 65", "at_least: old")
    result = call("check", file)
    assert result.exit_code == 1
    assert f"{file}: steps[2].cases[0].when.criteria" in result.output


def test_warnings_are_told_and_are_no_mistakes(folder: Path) -> None:
    file = change(folder, "duration: P7D", 'until: "2026-06-01T00:00:00Z"')
    change(folder, "next: invite", "next: done")
    late = call("check", file, "--as-of", "2026-07-01")
    assert late.exit_code == 0
    assert f"{file}: steps[1].until: 2026-06-01T00:00:00Z is past already" in late.output
    assert "a warning" not in call("check", file, "--as-of", "2026-05-01").output


def test_two_files_of_one_name(folder: Path) -> None:
    (folder / "journeys" / "copy.yaml").write_text(JOURNEY)
    result = call("check", folder)
    assert result.exit_code == 1
    assert f"is also in {folder / 'journeys/check-up.yaml'}" in result.output


@pytest.mark.parametrize(("text", "told"), [("- a", "is not a journey"), ("a: [", "cannot be read")])
def test_what_is_no_journey(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    for command in ("check", "show"):
        result = call(command, file)
        assert result.exit_code == 1
        assert told in result.output


def test_a_folder_without_journeys(tmp_path: Path) -> None:
    result = call("check", tmp_path)
    assert result.exit_code == 1
    assert "there is no journey in it" in result.output


def test_json_for_machines(folder: Path) -> None:
    file = change(folder, "kind: exit", "kind: exti")
    result = call("check", file, "--json")
    assert result.exit_code == 1
    told: dict[str, Any] = json.loads(result.stdout)
    assert told["sound"] is False
    (checked,) = told["files"]
    assert checked["journey"] == "https://example.org/journeys/check-up|1"
    (problem,) = checked["problems"]
    assert problem["where"] == f"{file}: steps[3]"
    assert "'exit'" in problem["expected"]


def test_show_lists_the_steps_and_where_they_lead(folder: Path) -> None:
    result = call("show", folder / "journeys/check-up.yaml")
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.output.splitlines()] == [
        "Check-up",
        "https://example.org/journeys/check-up|1",
        "Invites [red]whoever[/red] is overdue.",
        "",
        "Enters      who comes into overdue",
        "Again       once and never again",
        "",
        "  1  invite  Send check-up by SMS",
        "  2  a-week  Wait 7 days",
        "  3  which   Choose one of 2 ways",
        "             age at least 65 ↑ invite",
        "             otherwise → done",
        "  4  done    Leave: finished",
    ]


def test_show_draws(folder: Path, tmp_path: Path) -> None:
    file, drawn = folder / "journeys/check-up.yaml", tmp_path / "x.svg"
    result = call("show", file, "--svg", drawn)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert ElementTree.fromstring(drawn.read_text()).tag.endswith("svg")
    assert call("show", file, "--svg", "-").stdout == drawn.read_text()


def test_a_diagram_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    result = call("show", folder / "journeys/check-up.yaml", "--svg", tmp_path / "no" / "x.svg")
    assert result.exit_code == 1
    assert "No such file" in result.output


def test_the_schema_is_printed() -> None:
    assert json.loads(call("schema").stdout)["title"] == "JourneyDefinition"

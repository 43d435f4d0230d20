"""docs/shipped-journeys.md lists what ships: journeys, their words, campaigns; and all of it is played."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cli.yaml_files import load_yaml, read_document
from tests.unit.docs.pages import DOCS, ROOT, code, table
from tests.unit.message.kit import keyword

PAGE = DOCS / "shipped-journeys.md"
GOLDEN = ROOT / "tests" / "golden"
FOLLOWED = {"reply-received"}
"""Of the templates that answer replies, those that journeys send; the others answer by themselves."""
UNASKED = {"pregnancy-weeks"}
"""Journeys that ask for no answer."""


def shipped(folder: str) -> dict[str, Any]:
    """Return the definitions of a folder, by the names of their files."""
    files = sorted((ROOT / "definitions" / folder).glob("*.yaml"))
    return {path.stem: read_document(path) for path in files}


def sent(journey: dict[str, Any]) -> list[str]:
    """Return the names of the templates of a journey, in the order of its steps."""
    steps = (step for step in journey["steps"] if step["kind"] in ("send", "survey"))
    return list(dict.fromkeys(step["template"].rpartition("/")[2] for step in steps))


def answers(journey: dict[str, Any]) -> list[str]:
    """Return all words that a journey takes for answers."""
    waits = (step for step in journey["steps"] if step["kind"] == "wait_for")
    asked = (case["when"].get("answer", {}) for step in waits for case in step["cases"])
    return [word for answer in asked for word in answer.get("words", ())]


def unclear(journey: dict[str, Any]) -> list[str]:
    """Return where branches lead to from surveys whose answers were not understood."""
    branches = (step for step in journey["steps"] if step["kind"] == "branch")
    cases = (case for step in branches for case in step["cases"])
    return [case["next"] for case in cases if "unclear" in case["when"].get("result", {}).get("is", ())]


def stories(name: str) -> list[dict[str, Any]]:
    """Return the golden runs of a shipped journey."""
    texts = (path.read_text("utf-8") for path in sorted(GOLDEN.glob(f"{name}*.yaml")))
    return [story for story in map(load_yaml, texts) if story["journeys"] == [name]]


def sign_of(step: dict[str, Any], titles: dict[str, str]) -> str:
    """Return what a story shows where a step was taken."""
    if step["kind"] == "send":
        return titles[step["template"].rpartition("/")[2]]
    return f": {step['reason']}\n" if step["kind"] == "exit" else f"At {step['id']}: "


JOURNEYS = shipped("journeys")


def test_every_journey_is_in_the_table() -> None:
    assert [code(row[0]) for row in table(PAGE, "## What each does")] == list(JOURNEYS)
    assert len(JOURNEYS) >= 12


def test_every_segment_in_a_row_is_one_that_the_journey_names() -> None:
    segments, campaigns = shipped("segments"), shipped("campaigns")
    for row in table(PAGE, "## What each does"):
        journey = code(row[0])
        named = set(
            re.findall(r"segments/([\w-]+)", Path(ROOT, f"definitions/journeys/{journey}.yaml").read_text())
        )
        told = {word for word in re.findall(r"`([\w-]+)`", "".join(row[1:])) if word in segments}
        assert told <= named, journey
        brought = set(re.findall(r"campaign `([\w-]+)`", row[1]))
        bring = {name for name, c in campaigns.items() if c["journey"].endswith(f"/{journey}")}
        assert brought == bring, journey


def test_every_template_is_in_the_table_and_sent_by_some_journey() -> None:
    rows = {code(row[0]): re.findall(r"`([\w-]+)`", row[1]) for row in table(PAGE, "## What they say")}
    assert rows == {name: sent(journey) for name, journey in JOURNEYS.items()}
    journeys = {name for name in shipped("templates") if not name.startswith("reply-") or name in FOLLOWED}
    assert {name for names in rows.values() for name in names} == journeys


def test_every_campaign_is_in_the_table() -> None:
    rows = {code(row[0]): (code(row[1]), row[3].strip()) for row in table(PAGE, "## Campaigns that ship")}
    campaigns = shipped("campaigns")
    assert rows == {
        name: (c["journey"].rpartition("/")[2], c["description"].strip()) for name, c in campaigns.items()
    }


@pytest.mark.parametrize("name", JOURNEYS)
class TestEveryJourney:
    """What holds for each of them."""

    def test_no_answer_stops_or_starts_messages(self, name: str) -> None:
        assert [word for word in answers(JOURNEYS[name]) if keyword(word)] == []

    def test_answers_are_understood_in_both_languages(self, name: str) -> None:
        words = answers(JOURNEYS[name])
        assert name in UNASKED or "1" in words or name == "visit-survey"
        assert ("yes" in words) == ("sí" in words)

    def test_what_is_no_answer_is_read_by_staff(self, name: str) -> None:
        """An answer that nobody expects must reach a person: whoever asks takes `any: true`, into a task."""
        steps = {step["id"]: step for step in JOURNEYS[name]["steps"]}
        first = [step for step in steps.values() if step["kind"] == "wait_for"][:1]
        if any(step["kind"] == "survey" and step["by"] == "text" for step in steps.values()):
            assert [steps[each]["kind"] for each in unclear(JOURNEYS[name])] == ["task"]
            return
        assert bool(first) != (name in UNASKED)
        for step in first:
            nexts = [c["next"] for c in step["cases"] if c["when"].get("answer", {}).get("any")]
            assert [steps[each]["kind"] for each in nexts] == ["task"]

    def test_it_is_played_whole_and_cut_short(self, name: str) -> None:
        happened = [str(story["happens"]) + story["story"] for story in stories(name)]
        assert len(happened) >= 5
        for sign in ("STOP|Stop", "has died", "Sent by", r"in es\b"):
            assert any(re.search(sign, text, re.MULTILINE) for text in happened), sign

    def test_every_step_is_taken_by_some_story(self, name: str) -> None:
        """Steps show by their waits, tasks, messages and reasons on the timeline."""
        told = "\n".join(story["story"] for story in stories(name))
        titles = {key: t["title"] for key, t in shipped("templates").items()}
        steps = JOURNEYS[name]["steps"]
        assert [step["id"] for step in steps if sign_of(step, titles) not in f"{told}\n"] == []

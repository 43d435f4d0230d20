"""Doubts: what a sound journey hardly means is told to its author, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from shared.fhir.instants import parse_instant
from shared.journey.definition import parse_journey
from shared.journey.doubts import doubts
from tests.unit.journey.test_journey_docs import whole

NOW = parse_instant("2026-06-01T00:00:00Z")
PAST, AHEAD = "2026-05-31T23:59:59Z", "2026-06-01T00:00:01Z"
NOTE = "https://x.example/templates/note"
SEND = {"id": "send", "kind": "send", "template": NOTE, "channels": ["sms", "whatsapp"], "next": "done"}
DONE = {"id": "done", "kind": "exit"}


def told(document: dict[str, Any], **written: tuple[str, ...]) -> list[str]:
    journey = parse_journey(whole(document), "x.yaml")
    return [
        str(doubt)
        for doubt in doubts(journey, "x.yaml", NOW, {NOTE: written.get("note", ("sms", "whatsapp"))})
    ]


GOAL = {"title": "seen", "any_of": [{"event": "seen"}]}
WAYS = [{"name": "a", "weight": 1, "next": "done"}, {"name": "b", "weight": 1, "next": "done"}]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"entry_window": {"until": "@"}}, "entry_window.until"),
        ({"exit_when": {"until": "@"}}, "exit_when.until"),
        ({"steps": [{"id": "w", "kind": "wait", "until": "@"}]}, "steps[0].until"),
        (
            {
                "steps": [
                    {
                        "id": "w",
                        "kind": "wait_for",
                        "cases": [{"when": {"event": "e"}, "next": "done"}],
                        "until": "@",
                    },
                    DONE,
                ]
            },
            "steps[0].until",
        ),
        (
            {
                "goal": GOAL,
                "steps": [{"id": "s", "kind": "split", "ways": WAYS, "winner": {"at": "@"}}, DONE],
            },
            "steps[0].winner.at",
        ),
    ],
)
def test_instants_that_are_past(document: dict[str, Any], path: str) -> None:
    def at(node: Any, instant: str) -> Any:
        if isinstance(node, dict):
            return {key: at(value, instant) for key, value in node.items()}
        return (
            [at(item, instant) for item in node]
            if isinstance(node, list)
            else instant
            if node == "@"
            else node
        )

    (doubt,) = told(at(document, PAST))
    assert doubt.startswith(f"x.yaml: {path}: {PAST} is past already: ")
    assert told(at(document, AHEAD)) == []


def test_going_round_for_ever() -> None:
    steps = [
        {
            "id": "a",
            "kind": "branch",
            "cases": [{"when": {"language": ["es"]}, "next": "done"}],
            "otherwise": "b",
        },
        {"id": "b", "kind": "wait", "duration": "P1D"},
        {"id": "c", "kind": "wait", "duration": "P1D", "next": "b"},
        DONE,
    ]
    assert told({"steps": steps}) == [
        "x.yaml: steps[1]: from b nobody ever comes out (expected an exit, a goal, or exit_when)"
    ]
    assert told({"steps": steps, "exit_when": {"after": "P1Y"}}) == []
    assert told({"steps": steps, "goal": GOAL}) == []


def test_channels_that_a_template_is_not_written_for() -> None:
    assert told({"steps": [SEND, DONE]}, note=("sms", "email")) == [
        "x.yaml: steps[0].channels: note is not written for whatsapp (expected sms, email)"
    ]
    assert told({"steps": [SEND, DONE]}) == []


def test_a_holdout_that_is_told_something() -> None:
    ways = [{"name": "holdout", "weight": 1, "next": "send"}, {"name": "b", "weight": 1, "next": "done"}]
    assert told({"steps": [{"id": "s", "kind": "split", "ways": ways}, SEND, DONE]}) == [
        "x.yaml: steps[0].ways[0]: the holdout is sent something (expected a way without messages)"
    ]

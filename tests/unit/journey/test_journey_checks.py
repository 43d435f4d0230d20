"""The checks of a journey as a whole: each mistake that shows only when its parts are seen together."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Invalid
from shared.journey.definition import parse_journey

BASE = "https://x.example"
SEND = {"id": "tell", "kind": "send", "template": f"{BASE}/templates/t", "channels": ["sms"]}
DONE = {"id": "done", "kind": "exit"}
ON_CHANGE = {"fhir_change": {"type": "Appointment"}}


def split(**more: Any) -> dict[str, Any]:
    ways = [{"name": "a", "weight": 1, "next": "done"}, {"name": "b", "weight": 1, "next": "done"}]
    return {"id": "test", "kind": "split", "ways": ways} | more


def waiting(*cases: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = [{"when": case, "next": "done"} for case in cases]
    return {"id": "wait", "kind": "wait_for", "cases": found, "timeout": "P1D"} | more


def branch(when: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "which", "kind": "branch", "cases": [{"when": when, "next": "done"}]} | more


def starting(following: str) -> dict[str, Any]:
    return {"id": "done", "kind": "start", "journey": f"{BASE}/j", "next": following}


def problems(*steps: dict[str, Any], **more: Any) -> list[str]:
    document = {"url": f"{BASE}/journeys/j", "version": "1", "title": "J", "trigger": {"event": "go"}}
    try:
        parse_journey(document | {"steps": list(steps)} | more, "j.yaml")
    except Invalid as invalid:
        return [str(problem).removeprefix("j.yaml: ") for problem in invalid.problems]
    return []


MESSAGE = {"message": {"step": "tell", "is": ["delivered"]}}
OF_NOBODY = {"message": {"step": "done", "is": ["delivered"]}}
RESULT = {"result": {"step": "test", "is": ["a"]}}


@pytest.mark.parametrize(
    ("steps", "more", "said"),
    [
        # messages asked of steps that send none
        ([waiting(OF_NOBODY), DONE], {}, "steps[0].cases[0].when.message.step: done sends nothing"),
        ([branch(OF_NOBODY), DONE], {}, "steps[0].cases[0].when.message.step: done sends nothing"),
        ([DONE], {"exit_when": {"any_of": [OF_NOBODY]}}, "exit_when.any_of[0].message.step: done sends"),
        (
            [DONE],
            {"goal": {"title": "g", "any_of": [{"event": "e"}, OF_NOBODY]}},
            "goal.any_of[1].message.step: done sends nothing",
        ),
        # results asked of steps that have none, or not that one
        ([branch(RESULT), DONE], {}, "steps[0].cases[0].when.result.step: test has no result"),
        (
            [branch({"result": {"step": "done", "is": ["x"]}}), DONE],
            {},
            "steps[0].cases[0].when.result.step: done has no result",
        ),
        (
            [
                waiting({"event": "e"}, timed_out="which"),
                branch({"result": {"step": "wait", "is": ["e"]}}),
                DONE,
            ],
            {},
            "steps[1].cases[0].when.result.is: wait never comes to e (expected one of event, timed-out)",
        ),
        # a focus where there is none
        ([waiting({"focus_status": ["booked"]}), DONE], {}, "steps[0].cases: there is no focus"),
        ([branch({"focus_status": ["booked"]}), DONE], {}, "steps[0].cases: there is no focus"),
        (
            [waiting({"event": "e"}, timeout=None, until={"anchor": "focus.start"}), DONE],
            {},
            "steps[0].until.anchor: there is no focus",
        ),
        (
            [DONE],
            {"exit_when": {"any_of": [{"focus_status": ["cancelled"]}]}},
            "exit_when.any_of[0].focus_status: there is no focus",
        ),
        (
            [DONE],
            {"goal": {"title": "g", "any_of": [{"focus_status": ["arrived"]}]}},
            "goal.any_of[0].focus_status: there is no focus",
        ),
        ([DONE], {"re_entry": "per-focus"}, "re_entry: there is no focus"),
        # what only goes with something else
        ([split(winner={"after": 200}), DONE], {}, "steps[0].winner: there is no goal to win by"),
        ([DONE], {"exit_when": {"segment_left": True}}, "exit_when.segment_left: there is no segment"),
        (
            [DONE],
            {"on_publish": {"those_inside": "move", "steps": {"old": "nowhere"}}},
            "on_publish.steps.old: there is no step nowhere (expected one of done)",
        ),
        # ways
        ([split(ways=[]), DONE], {}, "steps[0].ways: needs at least 2"),
        ([branch({"gender": ["male"]}, otherwise="gone"), DONE], {}, "steps[0].otherwise: there is no step"),
        ([waiting({"event": "e"}, timed_out="gone"), DONE], {}, "steps[0].timed_out: there is no step gone"),
        ([split(), SEND, DONE], {}, "steps[1]: tell cannot be reached"),
        # loops that never wait
        ([SEND | {"next": "test"}, split(), starting("tell")], {}, "steps: "),
        (
            [waiting({"in_segment": f"{BASE}/s"}), starting("wait")],
            {},
            "steps: ",
        ),
    ],
)
def test_every_mistake_is_found(steps: list[Any], more: dict[str, Any], said: str) -> None:
    found = problems(*steps, **more)
    assert any(problem.startswith(said) for problem in found), found


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        ([SEND, waiting(MESSAGE), DONE], {"exit_when": {"any_of": [MESSAGE]}}),
        ([SEND, branch(MESSAGE), DONE], {"goal": {"title": "read", "any_of": [MESSAGE]}}),
        ([split(), DONE], {}),
        (
            [split(winner={"at": "2026-12-01T00:00:00Z"}), DONE],
            {"goal": {"title": "g", "any_of": [{"event": "e"}]}},
        ),
        ([branch(RESULT, otherwise="test"), split(), DONE], {}),
        (
            [
                waiting({"event": "e"}, timed_out="which"),
                branch({"result": {"step": "wait", "is": ["timed-out"]}}),
                DONE,
            ],
            {},
        ),
        ([waiting({"focus_status": ["booked"]}), DONE], {"trigger": ON_CHANGE, "re_entry": "per-focus"}),
        ([waiting({"focus_status": ["booked"]}), DONE], {"trigger": {"manual": True}}),
        # a wait for what only happens, and does not hold, is a wait
        ([waiting({"event": "e"}), starting("wait")], {}),
        (
            [DONE],
            {
                "trigger": {"segment_member": {"segment": f"{BASE}/s"}},
                "exit_when": {"segment_left": True},
                "on_publish": {"those_inside": "move", "steps": {"old": "done"}},
            },
        ),
    ],
)
def test_what_makes_sense_is_no_mistake(steps: list[Any], more: dict[str, Any]) -> None:
    assert problems(*steps, **more) == []

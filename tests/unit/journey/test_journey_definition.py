"""Authoring: every mistake is found, with its file and path, and all at once; what ships is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.errors import Invalid
from shared.journey.definition import journey_schema, parse_journey
from shared.journey.uses import uses
from shared.message.template import parse_template

ROOT = Path(__file__).parents[3]
SHIPPED = {
    path: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((ROOT / "definitions").glob("[jt]*/*.yaml"))
}

SEND = {"id": "a", "kind": "send", "template": "https://x.example/t", "channels": ["sms"]}
WEEK = {"id": "w", "kind": "wait", "duration": "P7D"}
ANCHORED = {"id": "w", "kind": "wait", "until": {"anchor": "focus.start", "offset": "-P1D"}}


def document(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "url": "https://x.example/journeys/j",
        "version": "1",
        "title": "J",
        "trigger": {"segment_entered": "https://x.example/segments/s"},
        "steps": list(steps) or [SEND],
    } | more


def problems(body: object) -> list[str]:
    with pytest.raises(Invalid) as caught:
        parse_journey(body, "j.yaml")
    return [str(problem) for problem in caught.value.problems]


CHANGE = {"trigger": {"fhir_change": {"type": "Appointment"}}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "j.yaml: "),
        ({}, "j.yaml: url: is missing"),
        (document(url="nonsense"), "j.yaml: url: "),
        (document(url="https://x|1"), "j.yaml: url: "),
        (document(colour="red"), "j.yaml: colour: is not known here"),
        (document(re_entry="often"), "j.yaml: re_entry: "),
        (document(trigger={}), "j.yaml: trigger: needs exactly one of segment_entered, segment_left, "),
        (
            document(trigger=CHANGE["trigger"] | {"segment_entered": "https://x/s"}),
            "j.yaml: trigger: needs exactly one",
        ),
        (document(steps=[]), "j.yaml: steps: "),
        (document({"id": "a", "kind": "dance"}), "j.yaml: steps[0]: "),
        (document({"id": "A b", "kind": "exit"}), "j.yaml: steps[0].id: "),
        (document(SEND | {"channels": []}), "j.yaml: steps[0].channels: "),
        (document(SEND | {"channels": ["fax"]}), "j.yaml: steps[0].channels[0]: "),
        (document(WEEK | {"duration": "7 days"}), "j.yaml: steps[0].duration: not an ISO 8601 duration"),
        (document(WEEK | {"duration": "-P7D"}), "j.yaml: steps[0]: cannot wait for a negative duration"),
        (
            document(WEEK | {"until": "2026-01-01T00:00:00Z"}),
            "j.yaml: steps[0]: needs exactly one of duration and until",
        ),
        (
            document({"id": "w", "kind": "wait"}),
            "j.yaml: steps[0]: needs exactly one of duration and until",
        ),
        (
            document({"id": "w", "kind": "wait", "until": "2026-01-01T00:00:00"}),
            "j.yaml: steps[0].until",
        ),
        (
            document(WEEK | {"if_past": "skip-to"}),
            "j.yaml: steps[0]: if_past: skip-to and skip_to go together",
        ),
        (document(WEEK | {"if_moved": "w"}), "j.yaml: steps[0]: if_moved needs an anchored until"),
        (
            document(
                {"id": "w", "kind": "wait_for", "cases": [{"when": {"event": "e"}, "next": "w"}]}
                | {"timeout": "P1D", "if_moved": "w"}
            ),
            "j.yaml: steps[0]: if_moved needs an anchored until",
        ),
        (
            document({"id": "b", "kind": "branch", "cases": [{"when": {}, "next": "b"}]}),
            "j.yaml: steps[0].cases[0].when: needs at least one condition",
        ),
        (document(SEND, SEND | {"template": "https://x/u"}), "j.yaml: steps[1].id: a is also steps[0]"),
        (
            document(SEND | {"next": "nowhere"}),
            "j.yaml: steps[0].next: there is no step nowhere (expected one of a)",
        ),
        (document({"id": "e", "kind": "exit"}, SEND), "j.yaml: steps[1]: a cannot be reached"),
        (document(SEND | {"next": "w"}, SEND | {"id": "b"}, WEEK), "j.yaml: steps[1]: b cannot be reached"),
        (document(SEND | {"next": "a"}), "j.yaml: steps: a → a goes round without waiting"),
        (document(SEND, WEEK | {"duration": "PT0S", "next": "a"}), "j.yaml: steps: "),
        (document(SEND, ANCHORED | {"next": "a"}, **CHANGE), "j.yaml: steps: "),
        (document(ANCHORED), "j.yaml: steps[0].until.anchor: there is no focus"),
        (document(re_entry="per-focus"), "j.yaml: re_entry: there is no focus"),
        (
            document(**CHANGE, exit_when={"segment_left": True}),
            "j.yaml: exit_when.segment_left: there is no segment",
        ),
    ],
)
def test_every_mistake_has_its_place(body: object, said: str) -> None:
    assert any(problem.startswith(said) for problem in problems(body)), problems(body)


def test_all_problems_at_once() -> None:
    body = document(SEND | {"channels": ["fax"], "template": "?"}, re_entry="often", colour="red")
    assert len(problems(body)) == 4


@pytest.mark.parametrize(
    "steps",
    [
        (SEND, WEEK | {"next": "a"}),
        (ANCHORED | {"if_past": "exit", "next": "a"}, SEND | {"next": "w"}),
        (SEND, ANCHORED | {"if_moved": "a"}),
        (WEEK, {"id": "b", "kind": "branch", "cases": [{"when": {"language": ["es"]}, "next": "w"}]}),
    ],
)
def test_loops_that_wait_are_fine(steps: tuple[dict[str, Any], ...]) -> None:
    assert len(parse_journey(document(*steps, **CHANGE), "j").steps) == len(steps)


def test_two_hundred_steps_in_a_row() -> None:
    steps = [WEEK | {"id": f"w{n}"} for n in range(200)]
    assert len(parse_journey(document(*steps), "j").steps) == 200


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_is_right_and_named_by_its_file(path: Path) -> None:
    parse = parse_journey if path.parent.name == "journeys" else parse_template
    definition = parse(SHIPPED[path], path.name)
    assert definition.url == f"https://hearthline.example/{path.parent.name}/{path.stem}"


def test_what_journeys_name_ships_too() -> None:
    urls = {body["url"] for body in SHIPPED.values()}
    segments = {
        f"https://hearthline.example/segments/{p.stem}"
        for p in (ROOT / "definitions/segments").glob("*.yaml")
    }
    questionnaires = {
        f"https://hearthline.example/questionnaires/{p.stem}"
        for p in (ROOT / "definitions/questionnaires").glob("*.json")
    }
    for path, body in SHIPPED.items():
        if path.parent.name == "journeys":
            for used in uses(parse_journey(body, path.name)):
                assert used.name in urls | segments | questionnaires, f"{path.name}: {used.path}"


def test_templates_ship_in_english_and_spanish() -> None:
    for path, body in SHIPPED.items():
        if path.parent.name == "templates":
            for _, _, by_language in parse_template(body, path.name).channels.parts():
                assert set(by_language) >= {"en", "es"}, path.name


def test_the_schema_names_what_an_author_writes() -> None:
    schema = journey_schema()
    assert {"url", "version", "title", "trigger", "steps"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert set(schema["$defs"]) >= {"SendStep", "WaitStep", "BranchStep", "ExitStep"}

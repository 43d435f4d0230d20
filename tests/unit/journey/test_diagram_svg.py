"""The diagram as SVG: well-formed whatever authors wrote, complete, the same every time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.yaml_files import load_yaml
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.diagram.graph import graph
from shared.journey.diagram.style import LOOKS, ROOT
from shared.journey.diagram.svg import svg
from tests.unit.journey.random_journeys import journeys
from tests.unit.journey.test_journey_docs import EXAMPLES, models, whole

SVG = "{http://www.w3.org/2000/svg}"
SHIPPED = sorted((Path(__file__).parents[3] / "definitions/journeys").glob("*.yaml"))


def parsed(journey: JourneyDefinition) -> ElementTree.Element:
    return ElementTree.fromstring(svg(journey))


def check(journey: JourneyDefinition) -> None:
    root, meant = parsed(journey), graph(journey)
    groups = [group for group in root.iter(f"{SVG}g") if group.get("class")]
    steps = [group for group in groups if "node" in (group.get("class") or "").split()]
    ways = [group for group in groups if "way" in (group.get("class") or "").split()]
    assert sorted(filter(None, (step.get("data-step") for step in steps))) == sorted(
        step.id for step in journey.steps
    )
    assert len(steps) == len(meant.nodes)
    drawn = sorted((way.get("data-from"), way.get("data-to"), way.get("data-field")) for way in ways)
    assert drawn == sorted((edge.source, edge.target, edge.field) for edge in meant.edges)
    assert all(group.findtext(f"{SVG}title") for group in (*steps, *ways))
    assert all(step.findtext(f"{SVG}desc") for step in steps)


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_what_ships_is_drawn_whole(path: Path) -> None:
    check(parse_journey(load_yaml(path.read_text()), str(path)))


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_docs_is_drawn_whole(example: Any) -> None:
    check(parse_journey(whole(example), "docs"))


@given(journeys(1), st.text(min_size=1, max_size=200), st.text(max_size=300))
@settings(deadline=None, max_examples=60)
def test_any_journey_with_any_words_is_drawn_whole(document: dict[str, Any], title: str, about: str) -> None:
    steps = [{"title": about, **step} for step in document["steps"]]
    journey = parse_journey(document | {"title": title, "description": about, "steps": steps}, "random")
    check(journey)
    assert svg(journey) == svg(journey)


def test_words_are_never_marks() -> None:
    evil = '</text><script>alert("1")</script> & \x00\x0b\ufffe ]]>'
    steps = [{"id": "a", "kind": "exit", "title": evil, "reason": evil}]
    root = parsed(parse_journey(whole({"title": evil, "steps": steps}), "x"))
    assert not list(root.iter(f"{SVG}script"))
    words = " ".join("".join(root.itertext()).split())
    assert 'alert("1")' in words
    assert "\ufffd" in words


def test_two_hundred_steps_are_all_there() -> None:
    steps: list[dict[str, Any]] = [
        {"id": f"s{n}", "kind": "send", "template": "https://x.example/t/note", "channels": ["sms"]}
        if n % 3
        else {
            "id": f"s{n}",
            "kind": "branch",
            "cases": [{"when": {"language": ["es"]}, "next": f"s{min(n + 7, 199)}"}],
            "otherwise": f"s{min(n + 1, 199)}",
        }
        for n in range(199)
    ]
    check(parse_journey(whole({"steps": [*steps, {"id": "s199", "kind": "exit"}]}), "big"))


def test_every_kind_of_step_has_a_look_of_its_own() -> None:
    steps = [model for model in models(JourneyDefinition) if "kind" in model.model_fields]
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in steps}
    assert kinds | {"entry", "over"} == set(LOOKS)
    assert len({look.icon for look in LOOKS.values()}) == len(LOOKS)


def test_its_rules_touch_nothing_else_of_a_page() -> None:
    style = parsed(parse_journey(whole({}), "x")).findtext(f"{SVG}style") or ""
    rules = re.findall(
        r"([^{}]+)\{[^{}]*\}", style.replace("@media screen and (prefers-color-scheme:dark){", "")
    )
    selectors = [selector for rule in rules for selector in rule.split(",")]
    assert len(selectors) > 30
    assert [selector for selector in selectors if not selector.startswith(f".{ROOT} ")] == []


def test_ways_back_and_labels_are_said_in_words() -> None:
    text = """
      - {id: ask, kind: send, template: "https://x.example/t/ask", channels: [sms]}
      - id: reply
        kind: wait_for
        cases: [{when: {answer: {words: [no]}}, as: declined, next: ask}]
        timeout: P2D
    """
    root = parsed(parse_journey(whole(load_yaml(text)), "x"))
    back = [group for group in root.iter(f"{SVG}g") if group.get("class") == "way back"]
    assert [group.findtext(f"{SVG}title") for group in back] == ["reply to ask: answers “no” (declined)"]
    told = {group.get("data-step"): group.findtext(f"{SVG}desc") for group in root.iter(f"{SVG}g")}
    assert told["reply"] == (
        "Step reply, wait for. answers “no” (declined): ask. nothing within 2 days: the end."
    )

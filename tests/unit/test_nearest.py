"""What was probably meant: near names are suggested, far ones are not, at whatever depth."""

from __future__ import annotations

import pytest

from shared.errors import Invalid
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.nearest import fields_at, nearest

HEAD = {"url": "https://x.example/j", "version": "1", "title": "J", "trigger": {"manual": True}}


def test_the_nearest_of_several() -> None:
    assert nearest("tempalte", ["template", "title", "channels"]) == "template"
    assert nearest("colour", ["template", "title", "channels"]) == ""
    assert nearest("x", []) == ""


def test_fields_are_those_of_the_place() -> None:
    assert fields_at(JourneyDefinition, ("audience",)) == {"in", "not_in"}
    assert fields_at(JourneyDefinition, ("steps", 0, "exit")) == {"id", "kind", "title", "reason"}
    assert "by" not in fields_at(JourneyDefinition, ())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"titel": "x"}, "titel: is not known here (expected title)"),
        ({"exit_when": {"afer": "P1D"}}, "exit_when.afer: is not known here (expected after)"),
        ({"re_entry": {"aftr": "P1D"}}, "re_entry.aftr: is not known here (expected after)"),
        (
            {"steps": [{"id": "a", "kind": "exit", "raison": "x"}]},
            "steps[0].raison: is not known here (expected reason)",
        ),
        (
            {"steps": [{"id": "a", "kind": "wait", "until": {"anchor": "focus.start", "ofset": "P1D"}}]},
            "steps[0].until.ofset: is not known here (expected offset)",
        ),
        (
            {"steps": [{"id": "a", "kind": "exit", "colour": "red"}]},
            "steps[0].colour: is not known here",
        ),
    ],
)
def test_misspelt_fields(change: dict[str, object], expected: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_journey({**HEAD, "steps": [{"id": "a", "kind": "exit"}], **change}, "j.yaml")
    assert f"j.yaml: {expected}" in [str(problem) for problem in caught.value.problems]

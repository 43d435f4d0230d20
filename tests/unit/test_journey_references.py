"""What journeys name is looked up when definitions are published together: segments, templates, journeys."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalogue import Document, build_catalogue
from shared.errors import Invalid
from shared.message.policy import Policy

BASE = "https://hearthline.example"
SEGMENT, TEMPLATE, OTHER = f"{BASE}/segments/some", f"{BASE}/templates/some", f"{BASE}/journeys/other"
EXIT = {"id": "done", "kind": "exit", "reason": "done"}


def made(kind: Any, name: str, **fields: Any) -> Document:
    body = {"url": f"{BASE}/{kind}s/{name}", "version": "1", "title": name, **fields}
    return Document(kind, f"{kind}s/{name}.yaml", body)


PUBLISHED = (
    made("segment", "some", criteria={"gender": "female"}),
    made("template", "some", channels={"sms": {"text": {"en": "Hello"}}}),
    made("journey", "other", trigger={"manual": True}, steps=[EXIT]),
)


def journey(trigger: dict[str, Any] | None = None, steps: list[Any] | None = None, **more: Any) -> Document:
    return made("journey", "asks", trigger=trigger or {"manual": True}, steps=steps or [EXIT], **more)


def waiting(on: dict[str, Any]) -> list[dict[str, Any]]:
    step = {"id": "wait", "kind": "wait_for", "cases": [{"when": on, "next": "done"}], "timeout": "P1D"}
    return [step, EXIT]


NAMED: dict[str, tuple[Document, str]] = {
    "trigger.segment_entered": (journey({"segment_entered": SEGMENT}), "segment"),
    "trigger.segment_left": (journey({"segment_left": SEGMENT}), "segment"),
    "trigger.segment_member.segment": (journey({"segment_member": {"segment": SEGMENT}}), "segment"),
    "audience.in[0]": (journey(audience={"in": [SEGMENT]}), "segment"),
    "audience.not_in[0]": (journey(audience={"not_in": [SEGMENT]}), "segment"),
    "exit_when.any_of[0].in_segment": (journey(exit_when={"any_of": [{"in_segment": SEGMENT}]}), "segment"),
    "goal.any_of[0].not_in_segment": (
        journey(goal={"title": "out", "any_of": [{"not_in_segment": SEGMENT}]}),
        "segment",
    ),
    "steps[0].cases[0].when.in_segment (wait_for)": (
        journey(steps=waiting({"in_segment": SEGMENT})),
        "segment",
    ),
    "steps[0].cases[0].when.in_segment": (
        journey(
            steps=[
                {"id": "b", "kind": "branch", "cases": [{"when": {"in_segment": SEGMENT}, "next": "done"}]},
                EXIT,
            ]
        ),
        "segment",
    ),
    "steps[0].template": (
        journey(steps=[{"id": "s", "kind": "send", "template": f"{TEMPLATE}|1", "channels": ["sms"]}]),
        "template",
    ),
    "steps[0].journey": (journey(steps=[{"id": "s", "kind": "start", "journey": OTHER}]), "journey"),
    "steps[0].journey (end)": (
        journey(steps=[{"id": "s", "kind": "end", "journey": OTHER, "reason": "over"}]),
        "journey",
    ),
}


@pytest.mark.parametrize("path", NAMED)
def test_what_is_published_is_found_and_what_is_not_is_named(path: str) -> None:
    document, kind = NAMED[path]
    build_catalogue((*PUBLISHED, document), "1-x", Policy())
    others = tuple(other for other in PUBLISHED if other.kind != kind)
    with pytest.raises(Invalid) as caught:
        build_catalogue((*others, document), "1-x", Policy())
    [problem] = caught.value.problems
    assert problem.where == f"journeys/asks.yaml: {path.partition(' ')[0]}"
    assert problem.what.startswith(f"there is no {kind} {BASE}/{kind}s/")
    assert problem.expected == f"a published {kind}"


def test_a_version_that_is_not_there_is_not_found() -> None:
    step = {"id": "s", "kind": "send", "template": f"{TEMPLATE}|2", "channels": ["sms"]}
    with pytest.raises(Invalid, match=r"there is no template .*\|2"):
        build_catalogue((*PUBLISHED, journey(steps=[step])), "1-x", Policy())


def test_a_name_whose_own_file_is_wrong_is_no_second_mistake() -> None:
    """The author is told of the segment, not of everything that leans on it."""
    broken = made("segment", "some", criteria={"gender": "mail"})
    with pytest.raises(Invalid) as caught:
        build_catalogue((broken, *PUBLISHED[1:], journey({"segment_entered": SEGMENT})), "1-x", Policy())
    assert {problem.where.partition(":")[0] for problem in caught.value.problems} == {"segments/some.yaml"}

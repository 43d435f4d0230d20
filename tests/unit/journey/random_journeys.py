"""Random valid journeys for property tests: every trigger, entry rule, exit and kind of step there is."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shared.catalogue import Document
from shared.errors import Invalid
from shared.journey.definition import parse_journey
from tests.unit.journey.random_steps import (
    EVENTS,
    ILL,
    JOURNEYS,
    NEEDY,
    QUESTIONS,
    RECENT,
    SEGMENTS,
    TEMPLATE,
    Json,
    booked,
    changes,
    clocks,
    happenings,
    mixed,
    offsets,
    steps,
    zones,
)

TEMPLATE_DOCUMENT: Json = {
    "url": TEMPLATE,
    "version": "1",
    "title": "Note",
    "channels": {
        "sms": {"text": {"en": "Note for {{ patient.given }}", "es": "Nota"}},
        "email": {"subject": {"en": "Note"}, "text": {"en": "Note"}},
    },
}
NEEDY_DOCUMENT = TEMPLATE_DOCUMENT | {
    "url": NEEDY,
    "channels": {"sms": {"text": {"en": "Come on {{ appointment.day }}"}}},
}


def _segment(url: str, criteria: Json) -> Document:
    body = {"url": url, "version": "1", "title": "S", "criteria": criteria}
    return Document("segment", f"{url.rpartition('/')[2]}.yaml", body)


QUESTIONNAIRE: Json = {
    "resourceType": "Questionnaire",
    "url": QUESTIONS,
    "version": "1",
    "title": "Questions",
    "status": "active",
    "item": [
        {"linkId": "well", "text": "Are you well?", "type": "boolean", "required": True},
        {
            "linkId": "pain",
            "text": "How bad is it, from 0 to 10?",
            "type": "integer",
            "enableWhen": [{"question": "well", "operator": "=", "answerBoolean": False}],
        },
    ],
}

COMMON = (
    Document("questionnaire", "questions.json", QUESTIONNAIRE),
    Document("template", "note.yaml", TEMPLATE_DOCUMENT),
    Document("template", "needy.yaml", NEEDY_DOCUMENT),
    _segment(RECENT, {"has": {"type": "Observation", "when": {"starts": {"last": "P20D"}}, "label": "test"}}),
    _segment(ILL, {"has": {"type": "Condition", "label": "illness"}}),
)
"""What random journeys refer to: who was tested in the last 20 days, and who has any condition."""

MANUAL: Json = {
    "title": "Manual",
    "trigger": {"manual": True},
    "re_entry": "after-exit",
    "steps": [{"id": "s0", "kind": "wait", "duration": "P2D"}],
}
"""What stands for a journey of which there is nothing else to say."""

_VISITS: Json = {"fhir_change": {"type": "Appointment", "status": ["booked"]}}

triggers = mixed(
    st.fixed_dictionaries({"segment_entered": SEGMENTS}),
    st.fixed_dictionaries({"segment_left": SEGMENTS}),
    st.fixed_dictionaries(
        {
            "segment_member": st.fixed_dictionaries(
                {"segment": SEGMENTS}, optional={"ongoing": st.booleans(), "every": st.just("P10D")}
            )
        }
    ),
    st.fixed_dictionaries({"fhir_change": changes}),
    st.just({"fhir_change": {"type": "Appointment", "status": ["booked"], "becomes": False}}),
    *[st.just(_VISITS)] * 3,
    st.fixed_dictionaries(
        {
            "instant": st.fixed_dictionaries(
                {"of": booked, "anchor": st.just("focus.start"), "offset": offsets},
                optional={"at": clocks, "zone": zones, "late": st.just("P2D")},
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "date": st.fixed_dictionaries(
                {"of": st.just("birth-date"), "offset": offsets}, optional={"at": clocks}
            )
        }
    ),
    *[st.fixed_dictionaries({"event": st.sampled_from(EVENTS)})] * 2,
    *[st.just({"manual": True})] * 3,
)
audiences = st.sampled_from([{"in": [RECENT]}, {"not_in": [ILL]}, {"in": [ILL], "not_in": [RECENT]}])
windows = st.sampled_from([{"from": "2026-03-05T00:00:00Z"}, {"until": "2026-04-01T00:00:00Z"}])
publications = st.one_of(
    st.sampled_from([{"those_inside": "finish"}, {"those_inside": "leave"}, {"those_inside": "move"}]),
    st.fixed_dictionaries(
        {
            "those_inside": st.just("move"),
            "steps": st.dictionaries(
                st.sampled_from(["s1", "s2", "s3", "s4"]),
                st.sampled_from(["s0", "s1", "s2"]),
                min_size=1,
                max_size=2,
            ),
        }
    ),
)


def _seldom(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return mixed(*[st.none()] * 5, of)


@st.composite
def _exits(draw: st.DrawFn, made: list[Json], *, segment: bool, focus: bool) -> Json:
    sends = [step["id"] for step in made if step["kind"] == "send"]
    found: Json = {"segment_left": True} if segment and draw(st.booleans()) else {}
    if draw(st.integers(0, 5)) == 0:
        found["any_of"] = [draw(happenings(sends, focus=focus))]
    found |= {"after": "P30D"} if draw(st.integers(0, 3)) == 0 else {}
    found |= {"until": "2026-06-01T00:00:00Z"} if draw(st.integers(0, 5)) == 0 else {}
    return found | ({"opted_out": True} if draw(st.integers(0, 3)) == 0 else {})


@st.composite
def _documents(draw: st.DrawFn, number: int, version: str) -> Json:
    trigger = draw(triggers)
    focus = "fhir_change" in trigger or "instant" in trigger
    segment = "segment_entered" in trigger or "segment_member" in trigger
    made = draw(steps(focus=focus))
    sends = [step["id"] for step in made if step["kind"] == "send"]
    rules: list[Any] = ["never", "after-exit", "after-exit", {"after": "P10D"}]
    goal = _seldom(happenings(sends, focus=focus).map(lambda it: {"title": "Goal", "any_of": [it]}))
    document = {
        "url": JOURNEYS[number - 1],
        "version": version,
        "title": f"J{number}",
        "trigger": trigger,
        "steps": made,
        "re_entry": draw(st.sampled_from([*rules, *(["per-focus", "per-focus"] if focus else [])])),
        "exit_when": draw(_exits(made, segment=segment, focus=focus)),
        "goal": draw(goal),
        "audience": draw(_seldom(audiences)),
        "entry_window": draw(_seldom(windows)),
        "limits": draw(_seldom(st.just({"per_hour": 5}))),
        "on_publish": draw(publications),
    }
    return {name: value for name, value in document.items() if value is not None}


def _valid(document: Json) -> bool:
    try:
        parse_journey(document, "random")
    except Invalid:
        return False
    return True


def journeys(number: int, version: str = "1") -> st.SearchStrategy[Json]:
    """Return valid journey documents."""
    return _documents(number, version).filter(_valid)


def plain(number: int) -> Json:
    """Return a journey of which there is nothing to say."""
    return {"url": JOURNEYS[number - 1], "version": "1", **MANUAL}

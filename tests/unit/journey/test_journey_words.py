"""Journeys in words: every condition, happening and trigger can be said, and is said as people say it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.journey import outline as outlines
from shared.journey import words
from shared.journey.definition import parse_journey
from shared.journey.diagram.graph import Edge, graph
from shared.journey.happening import Happening
from shared.journey.outline import outline
from shared.journey.steps.branch import When
from shared.journey.trigger import Trigger
from tests.unit.journey.test_journey_docs import EXAMPLES, whole

S = "https://x.example/segments/"


def said(document: dict[str, Any]) -> dict[str, str]:
    return {line.label: line.text for line in outline(parse_journey(whole(document), "x"))}


def test_all_conditions_and_triggers_have_words() -> None:
    assert set(words.WORDS) == set(When.model_fields) | set(Happening.model_fields)
    assert set(outlines.ENTRIES) == set(Trigger.model_fields)


@pytest.mark.parametrize(
    ("happening", "expected"),
    [
        ({"in_segment": f"{S}diabetes"}, "in diabetes"),
        ({"focus_status": ["booked", "arrived"]}, "its resource is booked or arrived"),
        ({"message": {"step": "ask", "is": ["failed", "not-sent"]}}, "message of ask failed or not sent"),
        ({"answer": {"words": ["yes", "1", "sí"]}}, "answers “yes”, “1” or “sí”"),
        ({"answer": {"number": {"at_least": 7, "at_most": 10}}}, "answers 7 to 10"),
        ({"answer": {"number": {"at_least": 7}}}, "answers 7 or more"),
        ({"answer": {"number": {"at_most": 2.5}}}, "answers 2.5 or less"),
        ({"answer": {"number": {}}}, "answers a number"),
        ({"answer": {"any": True}}, "answers anything"),
        ({"answer": {"means": ["no", "cancel"]}}, "answers that they decline or that they cannot come"),
        ({"answer": {"words": ["1"], "means": ["confirm"]}}, "answers “1” or that they come"),
        ({"event": "form-filled-in"}, "event form-filled-in"),
        ({"fhir_change": {"type": "Appointment"}}, "Appointment changes"),
        ({"fhir_change": {"type": "Appointment", "status": ["booked"]}}, "Appointment becomes booked"),
        ({"fhir_change": {"type": "Flag", "interaction": "deleted"}}, "Flag is deleted"),
        (
            {"fhir_change": {"type": "Appointment", "status": ["booked"], "changes": ["start"]}},
            "Appointment is booked, start changed",
        ),
        (
            {"fhir_change": {"type": "Appointment", "changes": ["start", "end"]}},
            "Appointment changes its start or end",
        ),
        (
            {
                "fhir_change": {
                    "type": "Observation",
                    "codes": ["http://loinc.org|4548-4"],
                    "interaction": "created",
                }
            },
            "Observation, code 4548-4 is created",
        ),
        (
            {"fhir_change": {"type": "Task", "status": ["completed"], "before": {"status": ["ready"]}}},
            "Task becomes completed, was ready",
        ),
        (
            {
                "fhir_change": {
                    "type": "Encounter",
                    "attributes": {"class": ["IMP", "ACUTE"]},
                    "condition": "length > 1",
                }
            },
            "Encounter, class IMP or ACUTE changes, and length > 1",
        ),
    ],
)
def test_happenings(happening: dict[str, Any], expected: str) -> None:
    assert words.happening(Happening.model_validate(happening)) == expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"in_segment": f"{S}a", "language": ["es"]}, "in a and speaks es"),
        ({"not_in_segment": f"{S}a", "gender": ["female"]}, "not in a and female"),
        ({"result": {"step": "reply", "is": ["timed-out"]}}, "reply came to timed out"),
        (
            {"criteria": {"all": [{"age": {"at_least": 65}}, {"not": {"in_segment": f"{S}b"}}]}},
            "age at least 65 and not in segment b",
        ),
        ({"criteria": {"any": [{"active": True}, {"gender": "male"}]}}, "active True or gender male"),
    ],
)
def test_conditions(when: dict[str, Any], expected: str) -> None:
    assert words.condition(When.model_validate(when)) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"segment_entered": f"{S}a"}, "who comes into a"),
        ({"segment_left": f"{S}a"}, "who leaves a"),
        ({"segment_member": {"segment": f"{S}a", "every": "P6M"}}, "who is in a, again every 6 months"),
        ({"segment_member": {"segment": f"{S}a", "ongoing": False}}, "who is in a when this is published"),
        (
            {
                "instant": {
                    "of": {"type": "Appointment", "status": ["booked"]},
                    "offset": "-P3D",
                    "at": "09:00",
                }
            },
            "3 days before the start of Appointment that is booked, 09:00",
        ),
        ({"instant": {"of": {"type": "Encounter"}, "anchor": "focus.end"}}, "the end of Encounter"),
        ({"date": {"of": "birth-date", "offset": "P1W"}}, "7 days after the birthday, 09:00, every year"),
        ({"event": "discharged"}, "event discharged"),
        ({"manual": True}, "by campaigns, staff, other journeys and the API"),
    ],
)
def test_triggers(trigger: dict[str, Any], expected: str) -> None:
    assert said({"trigger": trigger})["Enters"] == expected


def test_what_stands_beside_the_steps() -> None:
    lines = said(
        {
            "trigger": {"segment_entered": f"{S}overdue"},
            "audience": {"in": [f"{S}adults", f"{S}women"], "not_in": [f"{S}hospice-care"]},
            "entry_window": {"from": "2026-09-01T00:00:00-04:00", "until": "2027-03-01T00:00:00Z"},
            "re_entry": {"after": "P30D"},
            "limits": {
                "per_hour": 50,
                "hours": {"days": ["mon", "tue"], "from": "09:00", "until": "17:00"},
                "capacity": {"service_type": ["57"], "within": "P14D"},
            },
            "exit_when": {"segment_left": True, "after": "P90D", "opted_out": True},
            "goal": {
                "title": "booked",
                "any_of": [{"fhir_change": {"type": "Appointment", "status": ["booked"]}}],
            },
            "on_publish": {"those_inside": "move", "steps": {"old": "done"}},
        }
    )
    assert lines == {
        "Enters": "who comes into overdue",
        "Only": "in adults and women, not in hospice-care",
        "Open": "from 2026-09-01 00:00 -04:00 until 2027-03-01 00:00 UTC",
        "Again": "once out of it, and 30 days after entering last",
        "At most": "50 an hour; mon, tue 09:00 to 17:00; as many as there are free slots within 14 days",
        "Goal": "booked (Appointment becomes booked)",
        "Leaves": "out of the segment, 90 days after entering or opted out of every channel",
        "New version": "those inside an older one move to it (old to done)",
    }


def test_ways_say_when_they_are_taken() -> None:
    steps = [
        {
            "id": "day",
            "kind": "wait",
            "until": {"anchor": "focus.start"},
            "if_past": "exit",
            "if_moved": "day",
        },
        {
            "id": "which",
            "kind": "split",
            "ways": [{"name": "a", "weight": 3, "next": "done"}, {"name": "b", "weight": 1, "next": "day"}],
        },
        {"id": "done", "kind": "exit"},
    ]
    assert graph(parse_journey(whole({"steps": steps}), "x")).edges == (
        Edge("@entry", "day"),
        Edge("day", "day", "if it moves", "if_moved"),
        Edge("day", "which", "when it is time", ""),
        Edge("day", "@over:day:past", "already past", "if_past"),
        Edge("which", "done", "a 75%", "ways[0].next"),
        Edge("which", "day", "b 25%", "ways[1].next"),
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_docs_can_be_said(example: Any) -> None:
    journey = parse_journey(whole(example), "docs")
    assert all(line.text.strip() and "None" not in line.text for line in outline(journey))
    meant = graph(journey)
    several = [e for e in meant.edges if sum(other.source == e.source for other in meant.edges) > 1]
    assert all(edge.label for edge in several)

"""The steps that act outside: what they ask for is right FHIR, always the same, and nothing too much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from outside_kit import ENROLMENT, NOW, URL, body, effect, journey, taken

from shared.effects import PostWebhook, WriteResource
from shared.errors import Invalid
from shared.fhir.instants import Instant

TASK = {"id": "call", "kind": "task", "title": "Call the patient"}
FLAG = {"id": "mark", "kind": "write", "resource": "Flag", "code": "http://snomed.info/sct|225915006"}
ORDER = {"id": "order", "kind": "write", "resource": "ServiceRequest", "code": "http://loinc.org|4548-4"}
TELL = {"id": "ask", "kind": "write", "resource": "CommunicationRequest", "text": "Bring your medicines"}
NOTIFY = {"id": "team", "kind": "notify", "to": "care-team", "title": "Please look"}
CALL = {"id": "hook", "kind": "webhook", "to": "partner", "event": "patient.declined"}
EVERY = (TASK, FLAG, ORDER, TELL, NOTIFY, CALL)
WHOLE = (
    TASK
    | {
        "code": "http://hl7.org/fhir/CodeSystem/task-code|fulfill",
        "owner": "Practitioner/1",
        "performer_type": ["http://snomed.info/sct|224535009", "nurse"],
        "due": "P1D",
        "priority": "stat",
        "reason": "after {focus}",
    },
    FLAG | {"text": "In outreach", "category": ["clinical"], "lasts": "P90D"},
    ORDER
    | {
        "text": "HbA1c",
        "category": ["laboratory"],
        "status": "active",
        "intent": "plan",
        "priority": "urgent",
        "performer": "Organization/lab",
        "reason": "none for half a year",
    },
    TELL
    | {"category": ["instruction"], "medium": ["phone"], "sender": "Organization/clinic", "reason": "soon"},
)
"""With every field that an author can write."""


def named(step: dict[str, Any]) -> str:
    return f"{step.get('resource', step['kind'])}-{len(step)}"


@pytest.mark.parametrize("step", [*EVERY[:4], *WHOLE], ids=named)
@pytest.mark.parametrize("focus", ["Appointment/1", ""])
def test_what_is_written_is_right_fhir(step, focus):
    if focus == "" and "{focus}" in step.get("reason", ""):
        step = step | {"reason": "soon"}
    found = effect(step, focus=focus)
    assert isinstance(found, WriteResource)
    model = get_fhir_model_class(found.resource_type).model_validate_json(found.body)
    assert model.id == found.write_id
    assert "Patient/p-1" in found.body.decode()


@pytest.mark.parametrize("step", [*EVERY, *WHOLE], ids=named)
@given(sequence=st.integers(0, 2**31), micros=st.integers(0, 4_000_000_000_000_000))
def test_the_same_step_taken_again_always_asks_for_the_same(step, sequence, micros):
    """A conflict has the step taken again; one instant later it is the same effect with the same id."""
    now = Instant(micros)
    one, other = (effect(step, sequence=sequence, now=now) for _ in range(2))
    later = effect(step, sequence=sequence, now=Instant(now + 1))
    assert one == other
    assert one.effect_id == later.effect_id
    assert one.effect_id != effect(step, sequence=sequence + 1, now=now).effect_id


def test_a_task_says_what_whose_how_soon_and_why():
    found = body(WHOLE[0])
    assert found["status"] == "requested"
    assert found["intent"] == "order"
    assert found["priority"] == "stat"
    assert found["description"] == "Call the patient"
    assert found["owner"] == {"reference": "Practitioner/1"}
    assert found["for"] == {"reference": "Patient/p-1"}
    assert found["focus"] == {"reference": "Appointment/1"}
    assert found["reasonCode"] == {"text": "after Appointment/1"}
    assert found["note"][0]["text"] == "Asked for by the journey outside at call: HbA1c 9.1 % > 9 %"
    assert found["instantiatesUri"] == URL
    assert found["groupIdentifier"]["value"] == f"urn:uuid:{ENROLMENT}"
    assert found["authoredOn"] == "2026-03-07T15:00:00.000Z"


def test_a_day_is_the_same_time_tomorrow_over_daylight_saving():
    assert body(WHOLE[0])["restriction"]["period"]["end"] == "2026-03-08T14:00:00.000Z"


def test_what_nobody_stated_is_not_there():
    found = body(TASK, focus="")
    assert not {"focus", "owner", "reasonCode", "restriction", "performerType"} & set(found)


def test_a_title_quotes_what_came_of_a_step():
    found = body(TASK | {"title": "Answered {symptoms} about {focus}"}, symptoms="worrying")
    assert found["description"] == "Answered worrying about Appointment/1"
    assert taken(TASK | {"title": "It is {symptoms}"}, symptoms="bad").why == "a task for staff: It is bad"


def test_a_step_that_was_not_passed_came_to_nothing():
    found = body(TASK | {"title": "Answered {symptoms}"}, symptoms="")
    assert found["description"] == "Answered nothing"


def test_a_notice_holds_the_authors_words_and_opaque_keys():
    found = effect(NOTIFY | {"text": "Today, please"})
    assert isinstance(found, PostWebhook)
    assert (found.to, found.asked) == ("care-team", NOW)
    said = {"title": "Please look", "text": "Today, please", "person": "opaque", "enrolment": ENROLMENT}
    assert json.loads(found.body) == said


@given(focus=st.sampled_from(["", "Appointment/1"]))
def test_a_notice_never_says_whom_it_is_about(focus):
    text = effect(NOTIFY, focus=focus).body.decode()
    assert "p-1" not in text
    assert "Appointment" not in text
    assert "HbA1c" not in text


def test_a_call_says_what_happened():
    found = body(CALL | {"data": {"answer": "{reply}", "list": "diabetes"}}, reply="declined")
    assert found["type"] == "patient.declined"
    assert found["data"]["more"] == {"answer": "declined", "list": "diabetes"}
    assert found["data"]["patient"] == "Patient/p-1"
    assert "HbA1c" not in json.dumps(found)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (TASK | {"title": ""}, "steps[0].title"),
        (TASK | {"due": "-P1D"}, "due is some time from now"),
        (TASK | {"due": "PT0S"}, "due is some time from now"),
        (TASK | {"owner": "Dr Ng"}, "steps[0].owner: is not written as it must be"),
        (TASK | {"priority": "high"}, "steps[0].priority"),
        (TASK | {"code": "loinc|4548-4"}, "steps[0].code: is neither words nor system|code"),
        (TASK | {"code": "http://loinc.org|"}, "steps[0].code: is neither words nor system|code"),
        (TASK | {"title": "Call {nobody}"}, "{nobody} is quoted, which is no step that comes to something"),
        (FLAG | {"lasts": "PT0S"}, "a flag lasts some time"),
        (FLAG | {"reason": "x"}, "a Flag has no reason"),
        (FLAG | {"intent": "plan"}, "steps[0].intent: is not known here"),
        (ORDER | {"intent": "order"}, "steps[0].intent"),
        (ORDER | {"resource": "MedicationRequest"}, "there is no such resource"),
        ({"id": "x", "kind": "write", "code": "y"}, "steps[0]"),
        (NOTIFY | {"title": "About {focus}"}, "nothing of a patient goes into a notice"),
        (NOTIFY | {"to": "https://example.org/hook"}, "steps[0].to: is not written as it must be"),
        (CALL | {"event": "two words"}, "steps[0].event: is not written as it must be"),
        (CALL | {"data": {str(n): "x" for n in range(3)}}, "steps[0].data"),
    ],
)
def test_a_mistake_is_found_where_it_is(step, said):
    with pytest.raises(Invalid) as invalid:
        journey(step)
    assert said in str(invalid.value)


def test_a_focus_that_there_is_not_cannot_be_quoted():
    with pytest.raises(Invalid, match=r"\{focus\} is quoted, and there is no focus"):
        journey(TASK | {"title": "See {focus}"}, trigger={"event": "discharged"})


@pytest.mark.parametrize("step", EVERY, ids=named)
def test_each_says_what_it_does_in_a_line(step):
    (found,) = journey(step).steps
    assert "\n" not in found.summary()
    assert len(found.summary()) > 10

"""The step that answers an appointment: what it asks to be written, what it waits for, and what follows."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from shared.effects import AnswerAppointment
from shared.errors import Invalid
from shared.events import EffectRefused, EffectsDone, EnrolmentAsked, InboundReceived, WakeupDue
from shared.fhir.instants import DAY, Instant, parse_instant
from shared.journey.definition import parse_journey
from shared.journey.steps.appointment import told_start
from shared.journey.steps.base import Standing
from shared.patient.engagement import TOLD_START, engagements
from tests.golden.play import Play

BASE = "https://hearthline.example"
PHONE = "+12125550142"
START = parse_instant("2026-03-12T14:30:00-04:00")
ASK = {"id": "ask", "kind": "send", "template": f"{BASE}/templates/ask", "channels": ["sms"]}
REPLY = {
    "id": "reply",
    "kind": "wait_for",
    "cases": [{"when": {"answer": {"means": ["cancel"]}}, "next": "cancel"}],
    "until": {"anchor": "focus.start"},
    "timed_out": "late",
}
CANCEL = {"id": "cancel", "kind": "appointment", "action": "cancel", "next": "tell"}
TELL = {
    "id": "tell",
    "kind": "send",
    "template": f"{BASE}/templates/gone",
    "channels": ["sms"],
    "next": "done",
}
LATE = {"id": "late", "kind": "send", "template": f"{BASE}/templates/gone", "channels": ["sms"]}
DONE = {"id": "done", "kind": "exit"}


def journey(**more: Any) -> dict[str, Any]:
    trigger = {"fhir_change": {"type": "Appointment", "status": ["booked"]}}
    steps = [ASK, REPLY, CANCEL, TELL, LATE, DONE]
    body = {"url": f"{BASE}/journeys/visit", "version": "1", "title": "Visit", "trigger": trigger}
    return {**body, "re_entry": "per-focus", "steps": steps, **more}


def gone() -> dict[str, Any]:
    words = {"sms": {"text": {"en": "It is cancelled."}}}
    return {
        "url": f"{BASE}/templates/gone",
        "version": "1",
        "title": "gone",
        "even_if": ["cancelled"],
        "channels": words,
    }


class Visit(Play):
    """A patient who was asked about one appointment; nothing outside is done unless a test says so."""

    def __init__(self) -> None:
        scenario = {"journeys": [journey()], "templates": [gone()], "says": {"ask": "Do you come?"}}
        super().__init__(scenario)
        self.wanted: list[AnswerAppointment] = []
        booked = {"reference": "Appointment/a1", "status": "booked", "start": "2026-03-12T14:30:00-04:00"}
        self.run([{"at": "2026-03-09T15:00:00Z", "fact": booked}])

    def outside(self, effects: Any, at: Instant) -> None:
        asked = (e for e in effects if isinstance(e, AnswerAppointment))
        self.wanted += [effect for effect in asked if effect not in self.wanted]
        rest = tuple(e for e in effects if not isinstance(e, AnswerAppointment))
        if rest:
            super().outside(rest, at)

    def replies(self, text: str, at: Instant) -> None:
        self.decide(InboundReceived(f"in-{at}", "sms", PHONE, text, at), at)
        self.drain(at)

    def cancelled(self, at: Instant) -> None:
        self.on_fact(
            {"reference": "Appointment/a1", "status": "cancelled", "start": "2026-03-12T14:30:00-04:00"}, at
        )

    @property
    def said(self) -> list[str]:
        return [line.partition(": ")[2] for line in self.story if " > sms" in line]

    @property
    def step(self) -> str:
        (enrolment,) = self.record.enrolments.values()
        return f"{enrolment.step} {enrolment.status}"


AT = parse_instant("2026-03-10T15:00:00Z")


def test_nobody_is_told_before_it_is_done() -> None:
    visit = Visit()
    visit.replies("cancel my appt", AT)
    assert visit.said == ["Do you come?"]
    assert visit.step == "cancel active"
    (effect,) = visit.wanted
    assert (effect.appointment, effect.action, effect.start) == ("Appointment/a1", "cancel", START)
    visit.decide(EffectsDone((effect,)), AT)
    visit.drain(AT)
    assert visit.said == ["Do you come?", "It is cancelled."]
    assert not visit.record.enrolments


def test_its_own_cancellation_ends_neither_the_enrolment_nor_what_it_still_has_to_say() -> None:
    visit = Visit()
    visit.replies("cancel my appt", AT)
    visit.cancelled(AT)  # the server's notification is faster than our own noting that it is done
    assert visit.step == "cancel active"
    visit.answers = [{"outcome": "deferred", "reason": "busy", "retry_after": 60.0}]
    visit.decide(EffectsDone(tuple(visit.wanted)), AT)
    visit.drain(AT)
    visit.on_fact(
        {
            "reference": "Appointment/a1",
            "status": "cancelled",
            "start": "2026-03-12T14:30:00-04:00",
            "version": "9",
        },
        AT,
    )
    visit.sleep_until(Instant(AT + DAY))
    assert visit.said == ["Do you come?", "It is cancelled.", "It is cancelled."]


def test_a_cancellation_by_others_ends_who_waits_for_an_answer() -> None:
    visit = Visit()
    visit.cancelled(AT)
    assert not visit.record.enrolments
    assert visit.story[-1].endswith("Revoked: Appointment/a1 is cancelled")


def test_what_others_have_done_is_not_its_answer() -> None:
    """Only its own effect, of this enrolment and this step, lets it go on."""
    visit = Visit()
    visit.replies("cancel my appt", AT)
    (effect,) = visit.wanted
    for other in (replace(effect, enrolment_id="another"), replace(effect, asked=Instant(AT + 1))):
        visit.decide(EffectsDone((other,)), AT)
        assert visit.step == "cancel active"


def test_refused_without_a_way_it_is_on_hold_and_staff_can_try_again() -> None:
    visit = Visit()
    visit.replies("cancel my appt", AT)
    visit.decide(EffectRefused(visit.wanted[0], "it has moved"), AT)
    assert visit.step == "cancel on-hold"
    (enrolment,) = visit.record.enrolments.values()
    visit.decide(EnrolmentAsked(enrolment.enrolment_id, "retry", "staff-7"), Instant(AT + 1))
    assert visit.step == "cancel active"
    assert len({effect.asked for effect in visit.wanted}) == 2


def test_once_the_appointment_has_begun_it_is_too_late() -> None:
    visit = Visit()
    visit.replies("cancel my appt", AT)
    visit.decide(WakeupDue(START), START)
    assert visit.step == "cancel on-hold"
    assert visit.story[-1].endswith("Appointment/a1 has begun before the answer could be written")


def test_it_is_the_start_that_the_patient_was_told_not_the_one_that_is_known_now() -> None:
    visit = Visit()
    moved = {"reference": "Appointment/a1", "status": "booked", "start": "2026-03-13T14:30:00-04:00"}
    visit.on_fact(moved, Instant(AT - 1))
    visit.replies("cancel my appt", AT)
    assert visit.wanted[0].start == START


def test_a_start_that_changed_while_the_message_went_out_is_known_to_nobody() -> None:
    visit = Visit()
    (message,) = (m for m in visit.record.messages.values() if m.step == "ask")
    facts = list(engagements(replace(visit.record, facts=type(visit.record.facts)()), [message]))
    assert TOLD_START not in facts[0].attributes  # of a focus that is not known nothing is told
    looked = replace(message, looked_at=("Appointment/a1|older", "Patient/p1|1"))
    bare = replace(
        visit.record,
        facts=visit.record.facts.without("Engagement", list(visit.record.facts.of("Engagement"))),
    )
    (sent,) = engagements(bare, [looked])
    record = replace(bare, facts=bare.facts.with_fact(sent))
    (enrolment,) = record.enrolments.values()
    assert told_start(Standing(record, enrolment, AT)) == 0


def test_without_a_focus_or_for_another_resource_it_is_an_authors_mistake() -> None:
    with pytest.raises(Invalid, match="there is no focus"):
        parse_journey(journey(trigger={"segment_entered": f"{BASE}/segments/s"}, re_entry="never"), "x.yaml")
    play = Play(
        {
            "journeys": [
                journey(
                    trigger={"fhir_change": {"type": "Encounter", "status": ["planned"]}},
                    steps=[CANCEL, TELL, DONE],
                )
            ],
            "templates": [gone()],
        }
    )
    fact = {"reference": "Encounter/e1", "status": "planned", "start": "2026-03-12T14:30:00-04:00"}
    story = play.run([{"at": "2026-03-09T15:00:00Z", "fact": fact}])
    assert "On hold at cancel: there is no appointment with a beginning to answer" in story


def test_a_second_word_on_the_same_question_changes_nothing_more() -> None:
    visit = Visit()
    visit.replies("cancel my appt", AT)
    visit.replies("cancel my appt", Instant(AT + 1))
    assert len(visit.wanted) == 1
    assert visit.said == ["Do you come?"]

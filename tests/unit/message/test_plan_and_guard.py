"""From intent to claim: the channel chosen, every reason not to send, looked at again right before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from shared.effects import IndexContact, IndexMessage, SendMessage
from shared.events import SendDue
from shared.fhir.choice import Choice
from shared.fhir.fact import ContactPoint, Fact, Person
from shared.fhir.instants import DAY, HOUR, Instant
from shared.message.guard import Claimed, claim
from shared.message.index import Templates
from shared.message.plan import Planned, plan
from shared.patient.messages import keep_message
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from tests.unit.message.kit import (
    APPOINTMENT,
    EMAIL,
    NOW,
    PERSON,
    PHONE,
    POLICY,
    TEMPLATE,
    Intent,
    record,
    templates,
)

ENROLMENT = Enrolment("e1", "https://x.example/journeys/j|1", "active", "tell", 1, NOW)


def planned(held: PatientRecord | None = None, **intent: Any) -> Planned:
    return plan(held or record(), Intent(**intent), templates(), POLICY, NOW)


def claimed(held: PatientRecord, found: Templates | None = None, now: Instant = NOW) -> Claimed:
    [message] = held.messages.values()
    return claim(
        held, SendDue(message.message_id, "trigger-1"), templates() if found is None else found, POLICY, now
    )


def test_the_first_channel_that_will_do() -> None:
    done = planned()
    [message] = done.messages
    assert (message.channel, message.to, message.language) == ("sms", PHONE, "es")
    assert (message.status, message.due, message.template) == ("preparation", NOW, f"{TEMPLATE}|1")
    assert UUID(message.message_id)
    assert done.record.messages == {message.message_id: message}
    assert done.effects == (IndexContact("sms", PHONE),)


def test_an_intent_whose_message_exists_creates_nothing() -> None:
    done = planned()
    again = planned(done.record)
    assert again.record is done.record
    assert again == Planned(done.record)


def test_another_sequence_is_another_message() -> None:
    both = planned(planned().record, sequence=2).record
    assert len(both.messages) == 2


def test_the_id_does_not_depend_on_the_number() -> None:
    moved = replace(PERSON, telecom=(ContactPoint("phone", "+12125550999"),))
    assert planned().messages[0].message_id == planned(record(moved)).messages[0].message_id


def test_the_next_channel_and_why() -> None:
    held = replace(record(), opt_outs=(Choice("sms", PHONE, NOW),))
    done = planned(held)
    [message] = done.messages
    assert (message.channel, message.to, message.language) == ("email", EMAIL, "en")
    assert "(the patient has opted out of SMS)" in done.timeline[0].text
    assert done.effects == (IndexMessage(message.message_id),)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (replace(PERSON, deceased=True), "the patient has died"),
        (replace(PERSON, active=False), "the patient's record is inactive"),
        (replace(PERSON, gone=True), "the patient's record was deleted"),
        (
            replace(PERSON, links=(("replaced-by", "Patient/2"),)),
            "the patient's record was merged into another",
        ),
        (replace(PERSON, telecom=()), "no phone number that takes SMS is known; no email address is known"),
        (None, "the patient's own record is not known yet"),
    ],
)
def test_reasons_not_to_plan(person: Person | None, reason: str) -> None:
    done = planned(record(person))
    [message] = done.messages
    assert (message.status, message.status_reason) == ("not-done", reason)
    assert not done.record.messages
    assert done.effects == ()
    assert done.timeline[0].text == f"Not sent by SMS: {reason}"


def test_a_channel_without_words_is_passed_over() -> None:
    [message] = planned(channels=("whatsapp", "email")).messages
    assert message.channel == "email"


def test_no_such_template_holds_the_enrolment() -> None:
    held = replace(record(), enrolments={"e1": ENROLMENT})
    done = planned(held, template="https://x.example/templates/none")
    assert done.messages[0].status == "not-done"
    assert done.record.enrolments["e1"].status == "on-hold"
    assert [line.kind for line in done.timeline] == ["message", "fault"]


def test_claiming_renders_and_leases() -> None:
    done = claimed(planned().record)
    message = done.message
    assert message is not None
    assert (message.status, message.claimed_by, message.claimed_at) == ("in-progress", "trigger-1", NOW)
    assert (message.first_sent, message.attempts, message.text) == (NOW, 1, "Hola Ana")
    assert done.record.messages[message.message_id] == message
    assert isinstance(done.effect, SendMessage)
    assert (done.effect.message_id, done.effect.to, done.effect.text) == (
        message.message_id,
        PHONE,
        "Hola Ana",
    )


def test_first_sent_is_kept_over_tries() -> None:
    held = planned().record
    [message] = held.messages.values()
    tried = keep_message(held, replace(message, first_sent=Instant(NOW - HOUR), attempts=2))
    done = claimed(tried)
    assert done.message is not None
    assert (done.message.first_sent, done.message.attempts) == (NOW - HOUR, 3)


def test_claimed_once() -> None:
    first = claimed(planned().record)
    again = claimed(first.record)
    assert again.record is first.record
    assert again.effect is None
    assert again.message is None


def test_unknown_ids_and_messages_not_due_change_nothing() -> None:
    held = planned().record
    assert claim(held, SendDue("nobody", "t"), templates(), POLICY, NOW).record is held
    early = claimed(held, now=Instant(NOW - 1))
    assert early.record is held
    assert early.effect is None


def later(held: PatientRecord, **person: Any) -> PatientRecord:
    assert held.person is not None
    return replace(held, person=replace(held.person, **person))


def focus(held: PatientRecord, **fact: Any) -> PatientRecord:
    return replace(held, facts=held.facts.with_fact(replace(APPOINTMENT, **fact)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: later(r, deceased=True), "the patient has died"),
        (lambda r: later(r, active=False), "the patient's record is inactive"),
        (lambda r: later(r, gone=True), "the patient's record was deleted"),
        (
            lambda r: later(r, links=(("replaced-by", "Patient/2"),)),
            "the patient's record was merged into another",
        ),
        (lambda r: replace(r, person=None), "the patient's own record is not known"),
        (lambda r: replace(r, opt_outs=(Choice("sms", PHONE, NOW),)), "the patient has opted out of SMS"),
        (
            lambda r: later(r, telecom=(ContactPoint("phone", "+12125550999"),)),
            "the contact point is no longer the patient's",
        ),
        (lambda r: focus(r, status="cancelled"), "Appointment/a1 is cancelled"),
        (lambda r: focus(r, status="noshow"), "Appointment/a1 is noshow"),
        (lambda r: focus(r, status="entered-in-error"), "Appointment/a1 is entered-in-error"),
        (lambda r: focus(r, gone=True), "Appointment/a1 was deleted"),
        (
            lambda r: replace(
                r, enrolments={"e1": replace(ENROLMENT, status="revoked", reason="stopped by staff")}
            ),
            "stopped by staff",
        ),
    ],
)
def test_the_guard_looks_again(change: Any, reason: str) -> None:
    done = claimed(change(planned().record))
    assert done.effect is None
    assert done.message is not None
    assert (done.message.status, done.message.status_reason) == ("not-done", reason)
    assert not done.record.messages
    assert done.timeline[0].text == f"Not sent by SMS: {reason}"


def test_too_late_only_where_the_template_expires() -> None:
    begun = Instant(NOW + 3 * DAY - 1)
    held = planned().record
    assert claimed(held, now=begun).effect is not None
    late = claimed(held, templates(expires="focus.start"), begun)
    assert late.message is not None
    assert late.message.status_reason == "too late: Appointment/a1 has started"
    exactly = claimed(held, templates(expires="focus.start"), Instant(NOW + 2 * DAY))
    assert exactly.effect is None
    just = claimed(held, templates(expires="focus.start"), Instant(NOW + 2 * DAY - 1))
    assert just.effect is not None


def test_where_no_other_way_is_left_the_message_that_did_not_arrive_keeps_its_row() -> None:
    """What takes its place is a message of its own, even where nobody can be reached by it."""
    first = next(iter(planned().record.messages.values()))
    again = planned(later(planned().record, telecom=()), instead_of=first.message_id)
    (ended,) = again.messages
    assert ended.status == "not-done"
    assert ended.message_id != first.message_id


def test_a_template_may_speak_of_what_was_cancelled() -> None:
    held = focus(planned().record, status="noshow")
    assert claimed(held, templates(even_if=["noshow"])).effect is not None


def test_what_cannot_be_rendered_holds_the_enrolment() -> None:
    english = later(record(), languages=("en",))
    held = replace(english, enrolments={"e1": ENROLMENT})
    visit = Fact("Encounter", "v1", status="finished")
    held = planned(replace(held, facts=held.facts.with_fact(visit)), focus="Encounter/v1").record
    done = claimed(held)
    assert done.effect is None
    assert done.record.enrolments["e1"].status == "on-hold"
    assert [line.kind for line in done.timeline] == ["message", "fault"]
    assert "appointment.time is undefined" in done.timeline[1].text


def test_a_template_that_is_gone_holds_the_enrolment() -> None:
    held = replace(planned().record, enrolments={"e1": ENROLMENT})
    done = claimed(held, Templates())
    assert done.message is not None
    assert done.message.status == "not-done"
    assert done.record.enrolments["e1"].status == "on-hold"

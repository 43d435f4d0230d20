"""What became of messages, as facts that segments can ask for."""

from __future__ import annotations

from msgspec.structs import replace

from shared.fhir.instants import DAY, Instant, parse_instant
from shared.patient.engagement import ENGAGEMENT, answer, engagements
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from tests.unit.segment.making import record, segment

NOW = parse_instant("2026-03-15T12:00:00Z")
SENT = Instant(NOW - 3 * DAY)
MESSAGE = Message(
    "m1",
    "e1",
    1,
    "invite",
    "https://example.org/journeys/j|1.0.0",
    "https://example.org/templates/t|2.0.0",
    "sms",
    "+16175550100",
    "en",
    "completed",
    SENT,
    SENT,
    first_sent=SENT,
    delivery="sent",
    delivery_at=SENT,
)


def noted(who: PatientRecord, *messages: Message) -> PatientRecord:
    facts = who.facts
    for fact in engagements(who, messages):
        facts = facts.with_fact(fact)
    return replace(who, facts=facts)


def holds(who: PatientRecord, asked: str, now: Instant = NOW) -> bool:
    return segment(f"engagement: {asked}").evaluate(who, now).member


def test_what_is_sent_then_opened_is_noted_once():
    once = noted(record(), MESSAGE)
    twice = noted(once, MESSAGE, replace(MESSAGE, delivery="opened", delivery_at=NOW))
    assert [fact.codes for fact in twice.facts.of(ENGAGEMENT).values()] == [
        ("engagement|sent",),
        ("engagement|opened",),
    ]
    assert list(engagements(twice, [MESSAGE])) == []


def test_what_is_not_sent_says_nothing():
    for status in ("preparation", "in-progress", "unknown"):
        assert list(engagements(record(), [replace(MESSAGE, status=status)])) == []


def test_segments_ask_by_what_it_was_channel_journey_template_and_time():
    who = noted(record(), MESSAGE, replace(MESSAGE, delivery="delivered", delivery_at=NOW))
    assert holds(who, "{was: sent}")
    assert holds(who, "{was: [opened, delivered], channel: [sms, email]}")
    assert not holds(who, "{was: opened}")
    assert not holds(who, "{was: sent, channel: email}")
    assert holds(who, "{was: sent, journey: https://example.org/journeys/j}")
    assert holds(who, "{was: sent, journey: https://example.org/journeys/j|1.0.0}")
    assert not holds(who, "{was: sent, journey: https://example.org/journeys/j|1.0.1}")
    assert holds(who, "{was: sent, template: https://example.org/templates/t}")
    assert not holds(who, "{was: sent, at_least: 2}")
    assert holds(who, "{was: sent, when: {last: P3DT1S}}")
    assert not holds(who, "{was: sent, when: {last: P3D}}")


def test_it_leaves_its_window_at_the_very_instant():
    evaluation = segment("engagement: {was: sent, when: {last: P30D}}").evaluate(
        noted(record(), MESSAGE), NOW
    )
    assert evaluation.member
    assert evaluation.next_flip == SENT + 30 * DAY
    assert evaluation.reason == "message sent on 2026-03-12"


def test_an_answer_belongs_to_the_journey_that_wrote_last():
    older = replace(
        MESSAGE, message_id="m0", journey="https://example.org/journeys/old|1", first_sent=Instant(0)
    )
    who = noted(record(), older, MESSAGE)
    said = answer(who, "r1", "sms", NOW)
    who = replace(who, facts=who.facts.with_fact(said))
    assert holds(who, "{was: answered, journey: https://example.org/journeys/j}")
    assert not holds(who, "{was: answered, journey: https://example.org/journeys/old}")
    assert answer(record(), "r2", "email", NOW).attributes == {"channel": ("email",)}


def test_what_it_was_for_is_noted_and_whether_it_leaves_caps_alone():
    plain, answering, carried = (
        noted(record(), replace(MESSAGE, purpose="marketing", **more)).facts.get(f"{ENGAGEMENT}/m1.sent")
        for more in ({}, {"answers": "reply-1"}, {"carried_by": "k/m2"})
    )
    assert plain.attributes["purpose"] == ("marketing",)
    assert "uncounted" not in plain.attributes
    assert answering.attributes["uncounted"] == carried.attributes["uncounted"] == ("true",)


def test_a_reply_to_an_answer_is_no_answer_itself():
    asked = noted(record(), replace(MESSAGE, answers="reply-1"))
    assert "uncounted" not in answer(asked, "reply-2", "sms", NOW).attributes

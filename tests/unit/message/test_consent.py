"""Opt-outs and FHIR Consent; STOP and START, whole words only, in any order of arrival."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.events import InboundReceived
from shared.fhir.choice import Choice
from shared.fhir.fact import Component, Fact, Value
from shared.fhir.instants import Instant
from shared.message.consent import receive, why_forbidden
from shared.message.plan import plan
from shared.patient.record import PatientRecord
from tests.unit.message.kit import NOW, PHONE, POLICY, Intent, keyword, record, templates


def reply(text: str, at: int = NOW, sender: str = PHONE) -> InboundReceived:
    return InboundReceived("in-1", "sms", sender, text, Instant(at))


def consent(**attributes: tuple[str, ...]) -> Fact:
    kept = {name.replace("_", "-"): value for name, value in attributes.items()}
    return Fact("Consent", "c1", status="active", attributes=kept)


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        " stop. ",
        "Unsubscribe",
        "Opt-Out",
        "CANCEL!",
        "Alto",
        "BAJA",
        "No más mensajes",
        "stop please",
        "¡Parar, por favor!",
    ],
)
def test_words_that_stop(text: str) -> None:
    assert keyword(text) == "stop"


@pytest.mark.parametrize(
    "text", ["don't stop", "stop by at 9", "", "🙂", "I want to cancel my appointment", "si", "yes"]
)
def test_words_that_mean_something_else(text: str) -> None:
    assert keyword(text) == ""


@pytest.mark.parametrize("text", ["START", "unstop", "Reanudar", "opt in"])
def test_words_that_start(text: str) -> None:
    assert keyword(text) == "start"


def test_stop_holds_for_the_channel_and_calls_off_what_is_in_preparation() -> None:
    planned = plan(record(), Intent(), templates(), POLICY, NOW).record
    handled = receive(planned, reply("STOP"), NOW)
    said = Choice("sms", PHONE, NOW, "reply", wording="STOP", evidence="in-1")
    assert handled.record.opt_outs == (said,)
    assert not handled.record.messages
    assert [(m.status, m.status_reason) for m in handled.messages] == [
        ("not-done", "the patient has opted out of SMS")
    ]
    assert [line.kind for line in handled.timeline] == ["inbound", "message"]
    assert why_forbidden(handled.record, "sms", NOW)
    assert not why_forbidden(handled.record, "email", NOW)


def test_a_second_stop_changes_nothing() -> None:
    stopped = receive(record(), reply("STOP"), NOW).record
    again = receive(stopped, reply("stop"), NOW)
    assert again.record is stopped
    assert again.timeline == ()


def test_start_lifts_it_unless_it_is_older() -> None:
    stopped = receive(record(), reply("STOP", NOW), NOW).record
    assert receive(stopped, reply("START", NOW - 1), NOW).record is stopped
    assert receive(stopped, reply("START", NOW + 1), NOW).record.opt_outs == ()


def test_start_with_nothing_to_lift_is_kept_as_a_stop_from_before_may_come_late() -> None:
    started = receive(record(), reply("START"), NOW)
    assert [line.text for line in started.timeline] == ["Opted in to SMS: replied START"]
    late = receive(started.record, reply("STOP", NOW - 1), NOW)
    assert late.record is started.record
    assert late.timeline == late.replies == ()


def test_any_other_reply_is_for_staff_to_read() -> None:
    before = record()
    handled = receive(before, reply("Can I bring my son?"), NOW)
    assert handled.record is before
    assert [line.text for line in handled.timeline] == ["Replied by SMS: Can I bring my son?"]


def forbidden(fact: Fact) -> list[str]:
    held: PatientRecord = record(None, fact)
    return [channel for channel in ("sms", "email", "whatsapp") if why_forbidden(held, channel, NOW)]


ALL = ["sms", "email", "whatsapp"]


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (consent(provision_type=("deny",)), ALL),
        (consent(provision_type=("permit",)), []),
        (consent(), []),
        (consent(policy_rule=("http://terminology.hl7.org/CodeSystem/v3-ActCode|OPTOUT",)), ALL),
        (consent(policy_rule=("x|OPTOUT",), provision_type=("permit",)), []),
        (
            consent(
                provision_type=("deny",),
                scope=("http://terminology.hl7.org/CodeSystem/consentscope|research",),
            ),
            [],
        ),
        (consent(provision_type=("deny",), scope=("x|patient-privacy",)), ALL),
        (consent(provision_type=("deny",), provision_code=("urn:channel|SMS",)), ["sms"]),
        (replace(consent(provision_type=("deny",)), status="inactive"), []),
        (replace(consent(provision_type=("deny",)), gone=True), []),
        (replace(consent(provision_type=("deny",)), end=Instant(NOW - 1)), []),
        (replace(consent(provision_type=("deny",)), start=Instant(NOW + 1)), []),
        (replace(consent(provision_type=("deny",)), start=NOW, end=Instant(NOW + 1)), ALL),
        (
            replace(
                consent(provision_type=("deny",)), components=(Component(("x|email",), Value(text="permit")),)
            ),
            ["sms", "whatsapp"],
        ),
        (
            replace(
                consent(provision_type=("permit",)), components=(Component(("x|email",), Value(text="deny")),)
            ),
            ["email"],
        ),
    ],
)
def test_fhir_consent(fact: Fact, expected: list[str]) -> None:
    assert forbidden(fact) == expected


def test_a_global_opt_out_holds_for_every_channel() -> None:
    held = replace(record(), opt_outs=(Choice("*", "", NOW),))
    assert all(why_forbidden(held, channel, NOW) for channel in ALL)

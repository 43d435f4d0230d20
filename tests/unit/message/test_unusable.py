"""What a failure teaches of a contact point: it is passed over from then on, or nothing is wanted there."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from shared.events import DeliveryReported, OutcomeSaid, PointUsable, SendSettled
from shared.fhir.choice import Choice
from shared.fhir.instants import Instant
from shared.message import delivery
from shared.message.failures import FAILURES, UNUSABLE
from shared.message.handled import Handled
from shared.message.unusable import UNWANTED, work_again
from shared.patient.messages import keep_message
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from tests.unit.message.kit import NOW, PHONE, TEMPLATE, record


def message(message_id: str = "m", **more: Any) -> Message:
    """Return a message that was claimed."""
    made = Message(
        message_id=message_id,
        enrolment_id="e",
        sequence=1,
        step="s",
        journey="https://x.example/journeys/j|1",
        template=f"{TEMPLATE}|1",
        channel="sms",
        to=PHONE,
        language="en",
        status="in-progress",
        created=NOW,
        due=NOW,
        attempts=1,
    )
    return replace(made, **more)


def refused(code: str, held: PatientRecord | None = None) -> Handled:
    """Have the provider refuse the message."""
    held = held or keep_message(record(), message())
    return delivery.settle(held, SendSettled("m", "refused", reason="no", code=code), NOW)


@pytest.mark.parametrize("code", sorted(UNUSABLE))
def test_a_contact_point_that_does_not_work_is_marked_once(code: str):
    told = refused(code)
    assert [(p.channel, p.address, p.why) for p in told.record.unusable] == [("sms", PHONE, code)]
    assert FAILURES[code] in " ".join(line.text for line in told.timeline)
    again = refused(code, keep_message(told.record, message()))
    assert again.record.unusable == told.record.unusable


@pytest.mark.parametrize("code", [*sorted(FAILURES.keys() - UNUSABLE - UNWANTED.keys()), ""])
def test_what_says_nothing_of_the_contact_point_marks_nothing(code: str):
    told = refused(code)
    assert (told.record.unusable, told.record.opt_outs) == ((), ())


@pytest.mark.parametrize("code", sorted(UNWANTED))
def test_who_has_opted_out_at_the_provider_has_opted_out_here(code: str):
    told = refused(code)
    assert [(o.channel, o.address, o.source) for o in told.record.opt_outs] == [
        ("sms", PHONE, UNWANTED[code])
    ]
    again = refused(code, keep_message(told.record, message()))
    assert again.record.opt_outs == told.record.opt_outs


def test_what_the_patient_said_is_better_evidence_than_what_the_provider_says():
    """The confirmation of a STOP may be refused, as the provider has heard the STOP too."""
    said = Choice("sms", PHONE, Instant(NOW - 9), "reply", wording="STOP", evidence="in-1")
    told = refused("opted-out", replace(keep_message(record(), message()), opt_outs=(said,)))
    assert told.record.opt_outs == (said,)


def test_what_else_was_to_go_there_is_called_off_and_nothing_else():
    held = keep_message(record(), message())
    held = keep_message(held, message("same", status="preparation"))
    held = keep_message(held, message("other", status="preparation", to="+12125550777"))
    told = refused("invalid-address", held)
    assert set(told.record.messages) == {"other"}
    assert {m.message_id: m.status for m in told.messages} == {"m": "not-done", "same": "not-done"}


def test_a_report_that_comes_later_teaches_the_same():
    held = keep_message(record(), message(status="completed", delivery="sent"))
    event = DeliveryReported("m", "failed", Instant(NOW + 1), "bounced", "hard-bounce")
    told = delivery.report(held, None, event, NOW)
    assert [p.why for p in told.record.unusable] == ["hard-bounce"]
    assert told.messages[0].code == "hard-bounce"


def test_a_complaint_after_it_was_opened_ends_the_channel():
    held = keep_message(record(), message(status="completed", delivery="opened"))
    event = DeliveryReported("m", "complained", Instant(NOW + 1), "", "complaint")
    told = delivery.report(held, None, event, NOW)
    assert (told.messages[0].delivery, [o.source for o in told.record.opt_outs]) == (
        "complained",
        ["complaint"],
    )
    assert told.record.unusable


def test_staff_can_take_the_mark_off():
    marked = refused("landline").record
    told = work_again(marked, PointUsable("sms", PHONE, "nurse-7"), NOW)
    assert (told.record.unusable, len(told.timeline)) == ((), 1)
    assert PHONE not in told.timeline[0].text
    assert work_again(marked, PointUsable("email", PHONE, "nurse-7"), NOW).record is marked


@pytest.mark.parametrize(("sent", "status"), [(True, "completed"), (False, "not-done")])
def test_staff_can_say_what_became_of_an_unknown_message_once(sent: bool, status: str):
    held = keep_message(record(), message(status="unknown"))
    told = delivery.find_out(held, OutcomeSaid("m", sent, "nurse-7", "asked the carrier"), NOW)
    assert [m.status for m in told.messages] == [status]
    assert "nurse-7 found out: asked the carrier" in told.timeline[0].text
    assert delivery.find_out(told.record, OutcomeSaid("m", sent, "x", "y"), NOW).record is told.record


def test_what_is_known_of_a_message_is_not_for_staff_to_say():
    held = keep_message(record(), message(status="in-progress"))
    assert delivery.find_out(held, OutcomeSaid("m", True, "nurse-7", "?"), NOW).record is held

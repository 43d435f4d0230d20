"""A message remembers each try at its provider, by what it was decided, and what was answered."""

from __future__ import annotations

from msgspec.structs import replace

from shared.events import SendSettled
from shared.fhir.instants import Instant
from shared.message.trail import MOST_CALLS, answered, claimed, given_up
from shared.patient.packing import pack, unpack
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from tests.unit.message.kit import NOW, PERSON

RECORD = PatientRecord("k", "p1", PERSON, catalogue="4-abc")
SEEN = ("Patient/p1|3", "Appointment/a1|7")
MESSAGE = Message(
    "m", "e", 1, "s", "j|1", "t|1", "sms", "+1", "en", "preparation", NOW, NOW, focus="Appointment/a1"
)


def test_two_tries_are_two_calls_and_each_has_its_answer():
    later = Instant(NOW + 5)
    first = replace(MESSAGE, calls=claimed(RECORD, MESSAGE, "q-1", SEEN, NOW))
    assert [(c.at, c.by, c.catalogue, c.looked_at) for c in first.calls] == [(NOW, "q-1", "4-abc", SEEN)]
    assert first.calls[0].outcome == ""
    settled = SendSettled("m", "deferred", reason="throttled", retry_after=9)
    put_off = replace(first, calls=answered(first, settled, later))
    second = replace(put_off, calls=claimed(RECORD, put_off, "q-2", SEEN, later))
    done = answered(second, SendSettled("m", "accepted", "Outgoing_1"), Instant(NOW + 9))
    assert [(c.by, c.outcome, c.answered, c.provider_id, c.reason) for c in done] == [
        ("q-1", "deferred", later, "", "throttled"),
        ("q-2", "accepted", NOW + 9, "Outgoing_1", ""),
    ]


def test_a_claim_that_was_given_up_says_so_and_a_late_answer_still_counts():
    one = replace(MESSAGE, calls=claimed(RECORD, MESSAGE, "q-1", SEEN, NOW))
    lost = replace(one, calls=given_up(one, "nobody told", NOW))
    assert [(c.outcome, c.reason) for c in lost.calls] == [("unknown", "nobody told")]
    assert [c.outcome for c in answered(lost, SendSettled("m", "accepted", "x"), NOW)] == ["accepted"]


def test_an_answer_to_no_call_makes_none():
    """A message that was claimed before calls were remembered."""
    assert answered(MESSAGE, SendSettled("m", "accepted", "x"), NOW) == ()


def test_their_number_is_bounded_and_they_are_stored():
    message = MESSAGE
    for number in range(MOST_CALLS + 5):
        message = replace(message, calls=claimed(RECORD, message, f"q-{number}", SEEN, NOW))
    assert [call.by for call in message.calls] == [f"q-{n}" for n in range(5, MOST_CALLS + 5)]
    record = replace(RECORD, messages={"m": message})
    assert unpack("k", pack(record)).messages == {"m": message}

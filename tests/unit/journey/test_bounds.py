"""How much one call may ask for: a patient is committed in one transaction, and is a person."""

from __future__ import annotations

from datetime import UTC

from msgspec.structs import replace

from shared.fhir.instants import DAY, Instant, parse_instant
from shared.journey.advance import MOST_INTENTS, on_segment, on_wakeup
from shared.journey.compile import compile_journey
from shared.journey.definition import parse_journey
from shared.journey.index import Journeys
from shared.journey.run import MOST_SENDS
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment, Membership
from shared.patient.transition import SegmentChanged

NOW = parse_instant("2026-03-02T15:00:00Z")
URL, SEGMENT = "https://x.example/j", "https://x.example/s"


def journeys(sends: int, waits: bool) -> Journeys:
    steps = [{"id": "wait", "kind": "wait", "duration": "P1D"}] if waits else []
    steps += [
        {"id": f"tell-{i}", "kind": "send", "template": "https://x.example/t", "channels": ["sms"]}  # type: ignore[dict-item]
        for i in range(sends)
    ]
    document = {"url": URL, "version": "1", "title": "J", "trigger": {"segment_entered": SEGMENT}}
    return Journeys([compile_journey(parse_journey(document | {"steps": steps}, "j"), UTC)])


def test_a_hundred_enrolments_that_are_due_at_once_go_in_parts_and_all_go() -> None:
    """No call asks for more than a transaction takes; the rest stays due for the next wake-up."""
    found = journeys(1, waits=True)
    waiting = {
        f"e{i}": Enrolment(f"e{i}", f"{URL}|1", "active", "wait", 1, NOW, due=Instant(NOW + DAY), arrived=NOW)
        for i in range(100)
    }
    record, asked = PatientRecord("k", "p", enrolments=waiting), []
    while record.next_due is not None:
        sprint = on_wakeup(record, found, Instant(NOW + DAY))
        assert 0 < len(sprint.intents) <= MOST_INTENTS + MOST_SENDS
        record = sprint.record
        asked += [intent.enrolment_id for intent in sprint.intents]
    assert sorted(asked) == sorted(waiting)


def test_a_journey_that_would_shower_a_patient_with_messages_is_held() -> None:
    """The mistake is the author's: on hold with the reason, not a hundred texts."""
    held = PatientRecord("k", "p", memberships={SEGMENT: Membership(f"{SEGMENT}|1", True, NOW)})
    changed = SegmentChanged(SEGMENT, f"{SEGMENT}|1", True, "because")
    sprint = on_segment(held, changed, journeys(MOST_SENDS + 5, waits=False), NOW)
    assert len(sprint.intents) == MOST_SENDS
    (enrolment,) = sprint.record.enrolments.values()
    assert enrolment.status == "on-hold"
    assert "without waiting" in enrolment.reason
    assert replace(enrolment, status="active").sequence == MOST_SENDS + 1


def test_what_one_event_would_send_beyond_a_transaction_is_sent_at_the_next_wakeup() -> None:
    """A hundred journeys that begin with the same segment, each with a message at once: all go, in parts."""
    document = {"version": "1", "title": "J", "trigger": {"segment_entered": SEGMENT}}
    step = {"id": "tell", "kind": "send", "template": "https://x.example/t", "channels": ["sms"]}
    parsed = [parse_journey({**document, "url": f"{URL}{n}", "steps": [step]}, "j") for n in range(100)]
    found = Journeys([compile_journey(journey, UTC) for journey in parsed])
    record = PatientRecord("k", "p", memberships={SEGMENT: Membership(f"{SEGMENT}|1", True, NOW)})
    sprint = on_segment(record, SegmentChanged(SEGMENT, f"{SEGMENT}|1", True, "x"), found, NOW)
    asked = [len(sprint.intents)]
    while (due := sprint.record.next_due) is not None:
        sprint = on_wakeup(sprint.record, found, due)
        asked.append(len(sprint.intents))
    assert sum(asked) == 100
    assert max(asked) <= MOST_INTENTS

"""Instants by a wall clock, and messages of a patient, for the tests of timing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant, from_datetime, parse_instant, to_datetime
from shared.message.policy import Policy
from shared.message.timing.caps import Cap
from shared.patient.engagement import engagements
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.patient.state import Message

NOW = parse_instant("2026-11-24T18:00:00Z")
"""A Tuesday, noon in Chicago."""
CHICAGO = Person("p1", attributes={"time-zone": ("America/Chicago",)})


def wall(text: str, zone: str, fold: int = 0) -> Instant:
    """Return when the clock of a zone shows "2026-03-08T08:00:00"."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def shown(at: Instant | None, zone: str) -> str:
    """Return what the clock of a zone shows, with its offset; "now" for None."""
    return "now" if at is None else to_datetime(at, ZoneInfo(zone)).isoformat()


def message(number: int = 1, *, purpose: str = "care", at: Instant = NOW, **more: Any) -> Message:
    """Return a message in preparation, due at `at`."""
    made = Message(
        message_id=f"m{number}",
        enrolment_id=f"e{number}",
        sequence=1,
        step="tell",
        journey="https://x.example/journeys/j|1",
        template="https://x.example/templates/t|1",
        channel="sms",
        to="+13125550100",
        language="en",
        status="preparation",
        created=at,
        due=at,
        purpose=purpose,
    )
    return replace(made, **more)


def sent(number: int, at: Instant, purpose: str = "marketing", **more: Any) -> Message:
    """Return a message that the provider has taken."""
    return message(number, purpose=purpose, at=at, status="completed", delivery="sent", first_sent=at, **more)


def record(
    *messages: Message, person: Person | None = CHICAGO, facts: tuple[Fact, ...] = ()
) -> PatientRecord:
    """Return a record with messages: those that are completed are facts only, as after their last report."""
    moving = {m.message_id: m for m in messages if m.status != "completed"}
    held = PatientRecord("k", "p1", person=person, messages=moving, facts=Facts.of_facts(*facts))
    known = held.facts
    for fact in engagements(held, [m for m in messages if m.status == "completed"]):
        known = known.with_fact(fact)
    return replace(held, facts=known)


def policy(*caps: Cap, **more: Any) -> Policy:
    """Return what an organisation in New York has decided."""
    return Policy(zone="America/New_York", caps=caps, **more)

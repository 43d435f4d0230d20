"""A patient, templates and messages for the tests of messages."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shared.fhir.fact import ContactPoint, Fact, Name, Person
from shared.fhir.instants import HOUR, Instant, parse_instant
from shared.message.index import Templates
from shared.message.policy import Policy
from shared.message.render import compile_template
from shared.message.template import parse_template
from shared.message.understanding.understand import understand
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord

NOW = parse_instant("2026-03-02T15:00:00Z")
PHONE, EMAIL = "+12125550142", "ana@example.org"
TEMPLATE = "https://x.example/templates/t"
POLICY = Policy(zone="America/New_York", organisation="Riverside Clinic", phone="+1 212 555 0100")

PERSON = Person(
    "p1",
    names=(Name("official", "Lopez", ("Ana", "Maria"), ("Dr.",)),),
    telecom=(ContactPoint("phone", "(212) 555-0142", "mobile"), ContactPoint("email", EMAIL)),
    languages=("es-MX", "en"),
)
APPOINTMENT = Fact(
    "Appointment",
    "a1",
    status="booked",
    start=Instant(NOW + 48 * HOUR),
    attributes={"location": ("Location/l1",)},
)
LOCATION = Fact("Location", "l1", title="Harbour House", attributes={"phone": ("555",)})


class Intent(Struct, frozen=True):
    """What a journey hands over."""

    enrolment_id: str = "e1"
    sequence: int = 1
    step: str = "tell"
    journey: str = "https://x.example/journeys/j|1"
    template: str = TEMPLATE
    channels: tuple[str, ...] = ("sms", "email")
    focus: str = "Appointment/a1"
    instead_of: str = ""
    to: str = "patient"
    values: dict[str, str] = {}
    answers: str = ""


def document(**more: Any) -> dict[str, Any]:
    """Return a template document."""
    return {
        "url": TEMPLATE,
        "version": "1",
        "title": "T",
        "channels": {
            "sms": {
                "text": {
                    "en": "Hi {{ patient.given }} {{ appointment.time }}",
                    "es": "Hola {{ patient.given }}",
                }
            },
            "email": {
                "subject": {"en": "S"},
                "text": {"en": "Dear {{ patient.name }}"},
                "html": {"en": "<p>{{ patient.name }}</p>"},
            },
        },
    } | more


def templates(**more: Any) -> Templates:
    """Compile that document."""
    return Templates([compile_template(parse_template(document(**more), "t.yaml"))])


def record(person: Person | None = PERSON, *facts: Fact) -> PatientRecord:
    """Return a record with the person, an appointment and its location."""
    return PatientRecord("k", "p1", person=person, facts=Facts.of_facts(APPOINTMENT, LOCATION, *facts))


def keyword(text: str) -> str:
    """Return whether a reply asks to stop, or to start again, however it is worded; "" for neither."""
    meaning = understand(text).meaning
    return meaning if meaning in ("stop", "start") else ""

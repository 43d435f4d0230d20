"""What it costs to be careful: the guard of one message, the hours of somebody anywhere, a reply understood.

In the core alone, with no storage: microseconds, and the ratio to a guard with nothing to heed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from benchmarks import people
from benchmarks.documents import one_message
from benchmarks.report import at_most, tidy
from shared.catalogue import build_catalogue
from shared.events import SendDue
from shared.fhir.choice import ANY, Choice
from shared.fhir.instants import DAY, Instant
from shared.message.guard import claim
from shared.message.policy import Policy
from shared.message.timing.caps import Cap
from shared.message.timing.hours import QuietHours
from shared.message.understanding.understand import understand
from shared.patient.engagement import engagements
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.patient.state import Message

_TIMES = 2000
_REPLIES = (
    "STOP",
    "please stop texting me",
    "no puedo ir",
    "cancel my appt",
    "wer sind Sie",
    "2",
    "ok thanks",
)
_CAREFUL = Policy(
    quiet=QuietHours(),
    caps=(Cap(frozenset({"care", "operations", "marketing"}), 1000, 7 * DAY),),
    restrictive=frozenset({"marketing"}),
)


def measure(tell: Callable[[str], None]) -> Mapping[str, object]:
    """Measure claims with and without anything to heed, with few and many messages before, and replies."""
    tell("the guard")
    plain, careful = _claims(_person(0), Policy()), _claims(_person(0), _CAREFUL)
    busy = _claims(_person(500), _CAREFUL)
    return {
        "claim_us": {"nothing_to_heed": tidy(plain), "hours_caps_consent": tidy(careful)},
        "claim_after_500_messages_us": tidy(busy),
        "careful_to_careless": at_most(careful / plain, 3.0),
        "reply_understood_us": tidy(_understood()),
    }


def _claims(record: PatientRecord, policy: Policy) -> float:
    """Return microseconds of one claim at noon in the organisation's zone, a fresh one each time."""
    templates = build_catalogue(one_message(), "1-a", policy).templates
    (message,) = record.messages.values()
    due = SendDue(message.message_id, "t")
    assert claim(record, due, templates, policy, people.START).effect is not None
    began = time.perf_counter()
    for _ in range(_TIMES):
        claim(record, due, templates, policy, people.START)
    return (time.perf_counter() - began) / _TIMES * 1e6


def _person(before: int) -> PatientRecord:
    """Return somebody in a known zone with a message to be sent, and some that were."""
    (template,) = (document for document in one_message() if document.kind == "template")
    name = f"{template.body['url']}|{template.body['version']}"
    person = people.person(0)
    person = replace(person, attributes={**person.attributes, "time-zone": ("Europe/London",)})
    message = Message(
        "5d0f4a8e-0000-5000-8000-000000000001",
        *("e", 1, "s", "https://x.example/j|1", name, "sms", _number(person), "en", "preparation"),
        created=people.START,
        due=people.START,
    )
    record = PatientRecord(
        patient_key(person.resource_id),
        person.resource_id,
        person=person,
        messages={message.message_id: message},
        opt_outs=(Choice("email", "", Instant(0), "page", ANY, "news"),),
    )
    sent = [
        replace(
            message,
            message_id=f"before-{n}",
            status="completed",
            first_sent=Instant(people.START - n * DAY // 100),
            delivery="sent",
        )
        for n in range(1, before + 1)
    ]
    return replace(record, facts=Facts.of_facts(*engagements(record, sent)))


def _number(person: object) -> str:
    from shared.message.contact import addresses

    return addresses(person, "sms", people.START, "US")[0]  # type: ignore[arg-type]


def _understood() -> float:
    began = time.perf_counter()
    for n in range(_TIMES):
        understand(_REPLIES[n % len(_REPLIES)], ("en", "es"))
    return (time.perf_counter() - began) / _TIMES * 1e6

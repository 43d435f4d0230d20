"""Journeys of two hundred steps, and a hundred enrolments of one patient at once: the design's sizes hold."""

from __future__ import annotations

from typing import Any

from shared.catalogue import Catalogue, Document, build_catalogue
from shared.decide import decide
from shared.events import (
    CompartmentRead,
    CustomEventReceived,
    ResourceChanged,
    SendDue,
    SendSettled,
    WakeupDue,
)
from shared.fhir.fact import ContactPoint, Fact, Person
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.message.policy import Policy
from shared.patient.packing import pack, unpack
from shared.patient.record import PatientRecord, patient_key

NOW = parse_instant("2026-03-02T15:00:00Z")
TEMPLATE = {
    "url": "https://x.example/templates/note",
    "version": "1",
    "title": "Note",
    "channels": {"sms": {"text": {"en": "Hello"}}},
}
PERSON = Person("p", "1", NOW, telecom=(ContactPoint("phone", "+12125550142"),))
HEAD = 256 * 1024
"""Bytes of state that a patient may have with ease; a row has room for four times as many."""


def journey(name: str, trigger: dict[str, Any], steps: list[dict[str, Any]], **more: object) -> Document:
    body = {"url": f"https://x.example/journeys/{name}", "version": "1", "title": name, "trigger": trigger}
    return Document("journey", name, {**body, "steps": steps, **more})


def catalogue(*documents: Document) -> Catalogue:
    template = Document("template", "note", TEMPLATE)
    return build_catalogue((*documents, template), "1-test", Policy())


def carried(record: PatientRecord, published: Catalogue, at: Instant) -> PatientRecord:
    """Wake a record, and send what is ready; between, it lies packed as in storage."""
    record = unpack(record.key, pack(record))
    record = decide(record, WakeupDue(at), published, at).record
    for message in record.ready_messages(at):
        for event in (SendDue(message.message_id, "t"), SendSettled(message.message_id, "accepted", "x")):
            record = decide(record, event, published, at).record
    return record


def test_two_hundred_steps_are_walked_to_the_end_one_by_one() -> None:
    send = {"kind": "send", "template": TEMPLATE["url"], "channels": ["sms"]}
    steps: list[dict[str, Any]] = []
    for n in range(100):
        steps += [{"id": f"wait-{n}", "kind": "wait", "duration": "P1D"}, {"id": f"send-{n}", **send}]
    published = catalogue(journey("long", {"event": "go"}, steps))
    record = PatientRecord(patient_key("p"), "p", person=PERSON)
    record = decide(record, CustomEventReceived("e", "go", NOW), published, NOW).record
    seen = []
    while (due := record.next_due) is not None and record.enrolments:
        seen += [enrolment.step for enrolment in record.enrolments.values()]
        record = carried(record, published, due)
    assert seen == [f"wait-{n}" for n in range(100)]
    (history,) = record.history.values()
    assert (history.entries, record.enrolments) == (1, {})


def test_a_hundred_enrolments_of_one_patient_go_on_side_by_side() -> None:
    """A hundred appointments, each with reminders of its own: none is forgotten, none is doubled."""
    reminders = [
        {
            "id": "wait",
            "kind": "wait",
            "until": {"anchor": "focus.start", "offset": "-P1D"},
            "if_past": "exit",
        },
        {"id": "remind", "kind": "send", "template": TEMPLATE["url"], "channels": ["sms"]},
        {"id": "begun", "kind": "wait", "until": {"anchor": "focus.start"}},
    ]
    change = {"fhir_change": {"type": "Appointment", "status": ["booked"]}}
    published = catalogue(journey("reminders", change, reminders, re_entry="per-focus"))
    visits = [
        Fact("Appointment", f"a{n}", "1", NOW, status="booked", start=Instant(NOW + 3 * DAY + n * HOUR))
        for n in range(100)
    ]
    record = PatientRecord(patient_key("p"), "p")
    record = decide(record, CompartmentRead((PERSON, *visits)), published, NOW).record
    assert len(record.enrolments) == 100
    assert len(pack(record)["head"]) < HEAD
    moved = Fact("Appointment", "a50", "2", NOW, status="booked", start=Instant(NOW + 30 * DAY))
    record = decide(record, ResourceChanged(moved), published, NOW).record
    told = []
    while (due := record.next_due) is not None and record.enrolments:
        before = set(record.messages)
        record = carried(record, published, due)
        told += [(due, record.messages[name].focus) for name in record.messages.keys() - before]
    expected = {f"Appointment/a{n}": NOW + 2 * DAY + n * HOUR for n in range(100)} | {
        "Appointment/a50": NOW + 29 * DAY
    }
    assert len(told) == 100
    assert {focus: at for at, focus in told} == expected

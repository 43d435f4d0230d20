"""Instants at the edges of the calendar, as real servers hold them: they poison no queue message."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue import Document, build_catalogue
from shared.decide import decide
from shared.errors import Invalid
from shared.events import ResourceChanged, WakeupDue
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.journey.definition import parse_journey
from shared.message.policy import Policy
from shared.patient.record import PatientRecord, patient_key

NOW = parse_instant("2026-03-02T15:00:00Z")
LAST = parse_instant("9999-12-31T23:59:59Z")
FIRST = parse_instant("0001-01-01T00:00:00Z")
ZONES = ("Pacific/Kiritimati", "America/New_York", "UTC", "Pacific/Pago_Pago")

VISIT = {"type": "Appointment", "status": ["booked"]}
TRIGGERS: dict[str, dict[str, Any]] = {
    "change": {"fhir_change": {**VISIT, "recent": {"anchor": "focus.start", "within": "P100Y"}}},
    "before": {"instant": {"of": VISIT, "offset": "-P3D", "at": "09:00", "zone": "patient", "late": "P1D"}},
    "after": {"instant": {"of": VISIT, "anchor": "focus.end", "offset": "P2W", "late": "P1D"}},
}
STEPS: list[dict[str, Any]] = [
    {"id": "before", "kind": "wait", "until": {"anchor": "focus.start", "offset": "-P3D", "at": "23:30"}},
    {"id": "after", "kind": "wait", "until": {"anchor": "focus.start", "offset": "P1D"}, "zone": "patient"},
    {"id": "far", "kind": "wait", "duration": "P9000Y"},
]


def journey(name: str, trigger: dict[str, Any]) -> Document:
    body = {"url": f"urn:{name}", "version": "1", "title": name, "trigger": trigger}
    more: dict[str, Any] = {"re_entry": "per-focus", "exit_when": {"after": "P100Y"}, "steps": STEPS}
    return Document("journey", name, {**body, **more})


def edge() -> st.SearchStrategy[Instant | None]:
    near = st.integers(0, 400 * DAY // HOUR).map(lambda hours: hours * HOUR)
    return st.one_of(
        st.none(),
        near.map(lambda back: Instant(LAST - back)),
        near.map(lambda on: Instant(FIRST + on)),
        near.map(lambda on: Instant(NOW + on)),
    )


@given(edge(), edge(), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_no_instant_of_a_resource_is_ever_too_much(
    start: Instant | None, end: Instant | None, home: str, organisation: str
) -> None:
    documents = [journey(name, trigger) for name, trigger in TRIGGERS.items()]
    published = build_catalogue(documents, "1-test", Policy(zone=organisation))
    person = Person("p", "1", NOW, attributes={"time-zone": (home,)})
    visit = Fact("Appointment", "a", "1", NOW, status="booked", start=start, end=end)
    record = PatientRecord(patient_key("p"), "p", person=person)
    record = decide(record, ResourceChanged(visit), published, NOW).record
    moved = Fact("Appointment", "a", "2", NOW, status="booked", start=end, end=start)
    record = decide(record, ResourceChanged(moved), published, NOW).record
    for _ in range(5):
        if (due := record.next_due) is None or due > LAST - 101 * 366 * DAY:
            break
        record = decide(record, WakeupDue(due), published, due).record
    for enrolment in record.enrolments.values():
        assert enrolment.status == "on-hold" or enrolment.due is None or enrolment.due > NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"exit_when": {"after": "P101Y"}},
        {"re_entry": {"after": "P9999Y"}},
        {"trigger": {"segment_member": {"segment": "urn:s", "every": "P36526D"}}},
    ],
)
def test_a_length_of_time_that_nobody_lives_is_told(changes: dict[str, Any]) -> None:
    body = {**journey("x", TRIGGERS["change"]).body, **changes, "steps": [{"id": "out", "kind": "exit"}]}
    with pytest.raises(Invalid, match="longer than a hundred years"):
        parse_journey(body, "x.yaml")

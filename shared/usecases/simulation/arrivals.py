"""What of a patient is known when a dry run begins, and what arrives in the course of it.

So that a year that is past can be played: journeys that begin with a change need one to happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord

type Mode = Literal["none", "recorded", "dated"]
"""Everything is known from the start; resources arrive when they were last updated; or on their own date."""

MODES: tuple[Mode, ...] = ("none", "recorded", "dated")
_PLANS = frozenset({"Appointment", "AppointmentResponse", "CarePlan", "Goal", "Coverage", "Consent"})
"""Types whose date says when something will be so, not when it became known."""

type Arriving = list[tuple[Instant, Fact | Person]]


def split(record: PatientRecord, mode: Mode, start: Instant, end: Instant) -> tuple[PatientRecord, Arriving]:
    """Return what is known at the start, and what arrives from then until the end, in order.

    What would arrive later still is left out of both.
    """
    if mode == "none":
        return record, []
    when = _WHEN[mode]
    arriving: Arriving = [(at, fact) for fact in record.facts if (at := when(fact)) > start]
    late = {fact.reference for _, fact in arriving if isinstance(fact, Fact)}
    known = Facts.of_facts(*(fact for fact in record.facts if fact.reference not in late))
    person, news = _person(record.person, mode, start)
    arriving += news
    arriving.sort(key=lambda each: (each[0], each[1].reference))
    return replace(record, facts=known, person=person), [each for each in arriving if each[0] < end]


def _recorded(fact: Fact) -> Instant:
    return fact.updated


def _dated(fact: Fact) -> Instant:
    """Return when something was so: an encounter is known once it is over, a plan from the beginning."""
    if fact.resource_type in _PLANS:
        return Instant(0)
    over = fact.end if fact.resource_type == "Encounter" else None
    return over or fact.start or Instant(0)


_WHEN: Mapping[Mode, Callable[[Fact], Instant]] = {"recorded": _recorded, "dated": _dated}


def _person(person: Person | None, mode: Mode, start: Instant) -> tuple[Person | None, Iterable[_News]]:
    """Let somebody live until the day of their death, or become known when they were recorded."""
    if person is None:
        return None, ()
    if mode == "recorded":
        return (None, [(person.updated, person)]) if person.updated > start else (person, ())
    died = person.deceased_at
    if died is None or died <= start:
        return person, ()
    alive = replace(person, version="0", updated=Instant(0), deceased=False, deceased_at=None)
    return alive, [(died, replace(person, version=person.version or "1", updated=died))]


type _News = tuple[Instant, Fact | Person]

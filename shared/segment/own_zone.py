"""Criteria counted in the patient's own time zone: compiled once for each zone that patients have."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.criterion import Compiled, Outcome
from shared.segment.explanation import Explanation
from shared.segment.wall import Wall, wall_of

_MOST_ZONES = 700
"""More than the tz database has."""


def in_own_zone(otherwise: Compiled, compile_on: Callable[[Wall], Compiled]) -> Compiled:
    """Return criteria that ask those compiled for the patient's zone; `otherwise` where none is known."""

    @lru_cache(maxsize=_MOST_ZONES)
    def named(zone: str) -> Compiled:
        try:
            return compile_on(wall_of(ZoneInfo(zone)))
        except (KeyError, ValueError, OSError):  # what stands in the record is no name of the tz database
            return otherwise

    def chosen(record: PatientRecord) -> Compiled:
        zones = record.person.attributes.get("time-zone", ()) if record.person is not None else ()
        return named(zones[0]) if zones else otherwise

    def test(record: PatientRecord, now: Instant) -> Outcome:
        return chosen(record).test(record, now)

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        return chosen(record).explain(record, now)

    touches = otherwise.touches | {("Patient", "attributes", "")}
    return Compiled(test, explain, touches, otherwise.timed, otherwise.lens)

"""What rosters and queues of entry must say once everything has come to rest: what the records say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.catalogue import Catalogue
from shared.journey.gate import GATE
from shared.patient.record import PatientRecord
from tests.simulation.world import World


def broken(world: World, records: Iterable[PatientRecord], catalogue: Catalogue) -> Iterator[str]:
    """Say whom a roster shows wrongly, who waits before a journey for ever, and who was let in too soon."""
    held = {(record.key, e.enrolment_id): e for record in records for e in record.enrolments.values()}
    inside = {}
    for rows in world.outside.indexes._enrolled.values():
        inside |= {(r.key, r.enrolment.enrolment_id): r.enrolment for r in rows.values() if r.inside}
    for place in sorted(held.keys() | inside.keys()):
        enrolment, row = held.get(place), inside.get(place)
        if enrolment is None or row is None:
            yield f"the roster says {row}, the record {enrolment}"
        elif (row.journey, row.status, row.entered) != (
            enrolment.journey,
            enrolment.status,
            enrolment.entered,
        ):
            yield f"the roster's row {row} is behind {enrolment}"
    for enrolment in held.values():
        journeys = catalogue.journeys
        free = enrolment.status == "active" and not journeys.paused(enrolment.journey)
        if enrolment.step == GATE and free:
            yield f"still waits to be let in: {enrolment}"

"""What staff, campaigns and the gate's keeper ask for, in a decision; who is asked in is asked in once."""

from __future__ import annotations

from shared.catalogue import Catalogue
from shared.deciding.heard import heard_before
from shared.deciding.journeys import sprinted
from shared.deciding.messages import handled
from shared.events import EnrolAsked, EnrolmentAsked, EntryGranted, MigrationAsked
from shared.fhir.instants import Instant
from shared.journey.asked import on_asked
from shared.message.postpone import released
from shared.patient.record import Decision, PatientRecord


def asked_for(
    record: PatientRecord,
    event: EnrolAsked | EnrolmentAsked | MigrationAsked | EntryGranted,
    catalogue: Catalogue,
    now: Instant,
) -> Decision:
    """Do what is asked, and let messages go that waited for it.

    Somebody who is asked for twice with one cause, as a queue repeats, is asked for once: whatever the first
    asking came to, and whoever brought them in since.
    """
    noted: PatientRecord | None = record
    if isinstance(event, EnrolAsked) and catalogue.journeys.latest(event.journey) is not None:
        noted = heard_before(record, f"{event.journey}|{event.cause}")
    if isinstance(event, EnrolmentAsked) and event.asked_id:
        noted = heard_before(record, event.asked_id)
    if noted is None:
        return Decision(record)
    decision = sprinted(on_asked(noted, event, catalogue.journeys, now), catalogue, now)
    return decision.then(handled(released(decision.record, catalogue.controls, now), catalogue, now))

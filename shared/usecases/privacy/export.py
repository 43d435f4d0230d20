"""Export everything that is held of a person, as JSON that machines and people can read.

What the FHIR server holds is not ours to hand out: what of it we wrote is named by reference.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from shared.fhir.instants import iso
from shared.patient.record import PatientRecord
from shared.usecases.inbound import kept
from shared.usecases.privacy.erase import find
from shared.usecases.privacy.readable import readable
from shared.usecases.privacy.reads import note, reads_of
from shared.usecases.privacy.written import written
from shared.usecases.services import Services

README = """What this organisation's outreach system (Hearthline) holds of one person.

export.json has these parts:
  about      whom and when this was made for
  record     the present state: `person` (name, contact points, addresses as the clinical record had them when
             last read), `facts` (what of the clinical record outreach goes by), `memberships` (groups by
             rules), `enrolments` and `history` (programmes the person is or was in), `messages` (not over),
             `opt_outs` and `opt_ins` (what was said of being written to, word for word), `unusable` (contact
             points that do not work), `outbox` (what is still to be done)
  messages   every message: words, contact point, when sent, what became of it, each try at the provider
  waiting    replies of which it is being asked what they answer
  timeline   everything that was decided, with the reason
  indexes    rows by which the person is found: of most only a digest of what leads there is stored
  reads      who looked at all this, or did something about it
  fhir       what was written to the clinical record (the FHIR server), by reference: it is held there

Instants are in UTC, ISO 8601. Codes are written as "system|code".
"""


async def _waiting(services: Services, record: PatientRecord) -> AsyncIterator[str]:
    """Walk replies that wait at the person's contact points: what was said, and not who else is meant."""
    for contact in record.contacts:
        channel, _, address = contact.partition("|")
        asking, _ = await kept.find(services, channel, address)
        if asking is not None:
            yield asking.reply.text


async def export(services: Services, patient: str, by: str) -> dict[str, Any]:
    """Return all that is held of a patient ("1" or "Patient/1"), in the parts that README names.

    Raises Rejected (unknown-patient, no-reader), Unavailable.
    """
    record = (await find(services, patient)).record
    await note(services, "export", record.key, by)
    journeys = {*record.history, *(each.journey_url for each in record.enrolments.values())}
    due = record.next_due
    return {
        "about": {
            "patient": f"Patient/{record.patient_id}",
            "key": record.key,
            "made": iso(services.clock.now()),
        },
        "record": readable(record),
        "messages": readable(await services.patients.messages(record.key)),
        "waiting": [text async for text in _waiting(services, record)],
        "timeline": readable(await services.patients.timeline(record.key)),
        "indexes": {
            "rows": readable(await services.indexes.traces(record.key, sorted(journeys))),
            "wake_up": iso(due) if due is not None else None,
        },
        "reads": readable(await reads_of(services, record.key)),
        "fhir": [{"reference": ref, "status": status} async for ref, status in written(services, patient)],
    }

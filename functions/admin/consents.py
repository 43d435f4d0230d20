"""Consents: what somebody may be written to about, what they said, and contact points that do not work."""

from __future__ import annotations

from functions.admin.call import TheCall
from functions.admin.consent_shapes import (
    ConsentRecorded,
    Consents,
    PointUsed,
    SayConsent,
    UsePoint,
    party_of,
    said_of,
    unusable_of,
)
from functions.admin.routes import Routes
from functions.admin.shapes import PatientKey
from shared.events import PointUsable
from shared.fhir.choice import Choice
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.usecases.consents import parties_of, say, stands
from shared.usecases.known import known
from shared.usecases.messages import use_again
from shared.usecases.privacy.readable import readable

routes = Routes("consents")


@routes("getConsents")
async def get_consents(call: TheCall, patient: PatientKey) -> Consents:
    """Say by purpose, channel and topic whether somebody may be written to, why not, and what they said."""
    await call.reads(patient, "consents")
    record = (await known(call.services, patient)).record
    standings = [await stands(call.services, record, party) for party in parties_of(record)]
    return Consents(
        patient=patient,
        parties=[party_of(each) for each in standings],
        said=said_of(record),
        unusable=unusable_of(record),
    )


@routes("recordConsent")
async def record_consent(call: TheCall, patient: PatientKey, said: SayConsent) -> ConsentRecorded:
    """Write down a yes or a no, as of now; what was about to be sent against it is called off.

    A yes to marketing without evidence has to be confirmed by the person.
    """
    record = (await known(call.services, patient)).record
    await call.begins(patient, "consents", said.verdict, before=_words(record))
    told = f"told to {call.caller.subject}"
    choice = Choice(
        channel=said.channel,
        address=said.address,
        since=Instant(0),  # the use case says when
        source="staff",
        purpose=said.purpose,
        topic=said.topic,
        party=said.party,
        wording=f"{told}: {said.wording}" if said.wording else told,
        evidence=said.evidence,
    )
    lines = await say(call.services, record, choice, said.verdict, f"staff-{call.intent}")
    call.changed(_words((await known(call.services, patient)).record))
    return ConsentRecorded(patient=patient, changed=bool(lines))


@routes("useContactPoint")
async def use_contact_point(call: TheCall, patient: PatientKey, point: UsePoint) -> PointUsed:
    """Let a contact point be used again that was taken not to work."""
    record = (await known(call.services, patient)).record
    await call.begins(patient, "contact-points", point.channel, before=readable(record.unusable))
    said = PointUsable(point.channel, point.address, call.caller.subject)
    after = await use_again(call.services, patient, said)
    call.changed(readable(after.unusable))
    return PointUsed(patient=patient, channel=point.channel)


def _words(record: PatientRecord) -> object:
    return readable((record.opt_outs, record.opt_ins))

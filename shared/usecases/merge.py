"""A record that was merged away: what must outlive it goes to the surviving one, however long the chain.

The person said stop, not the record: so also when the reply comes after the merge.
"""

from __future__ import annotations

from shared.errors import Rejected
from shared.events import RecordMerged
from shared.fhir.references import parse_reference
from shared.patient.permission.ask import lifts
from shared.patient.record import PatientRecord, patient_key
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


async def carry_over(services: Services, merged: PatientRecord, trigger: Trigger) -> None:
    """Hand the opt-outs of a merged record to its survivor, and on from there. Raises Unavailable."""
    seen = {merged.patient_id}
    while (survivor := survivor_of(merged)) and survivor not in seen and merged.opt_outs:
        seen.add(survivor)
        opt_outs = tuple((o.channel, o.address, o.since) for o in merged.opt_outs)
        excepted = tuple(y for y in merged.opt_ins if any(lifts(y, no) for no in merged.opt_outs))
        event = RecordMerged(merged.patient_id, opt_outs, merged.opt_outs, excepted)
        merged = (await react(services, patient_key(survivor), [event], trigger, survivor)).after


def survivor_of(record: PatientRecord) -> str:
    """Return the id of the patient that this record was merged into, or ""."""
    if record.person is None or not record.person.replaced_by:
        return ""
    try:
        survivor, _ = parse_reference(record.person.replaced_by)
    except Rejected:
        return ""
    return survivor.resource_id if survivor.resource_type == "Patient" else ""

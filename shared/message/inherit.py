"""Two records become one: what the person said stop to holds for the person, not for a record."""

from __future__ import annotations

from msgspec.structs import replace

from shared.events import RecordMerged
from shared.fhir.choice import Choice
from shared.fhir.instants import Instant
from shared.message.handled import Handled
from shared.patient.record import PatientRecord, TimelineLine


def inherit(record: PatientRecord, merged: RecordMerged, now: Instant) -> Handled:
    """Take over the opt-outs of a record that was merged into this one; again changes nothing."""
    known = {(opt_out.channel, opt_out.address) for opt_out in record.opt_outs}
    fresh = tuple(
        Choice(channel, address, since, "merge")
        for channel, address, since in merged.opt_outs
        if (channel, address) not in known
    )
    if not fresh:
        return Handled(record)
    text = (
        f"Took over {len(fresh)} opt-out(s) from Patient/{merged.patient_id}, which was merged into this one"
    )
    line = TimelineLine(now, "inbound", text, (f"Patient/{merged.patient_id}",))
    return Handled(replace(record, opt_outs=(*record.opt_outs, *fresh)), (line,))

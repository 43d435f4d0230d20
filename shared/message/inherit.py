"""Two records become one: what the person said stop to holds for the person, not for a record."""

from __future__ import annotations

from msgspec.structs import replace

from shared.events import RecordMerged
from shared.fhir.choice import Choice
from shared.fhir.instants import Instant
from shared.message.consents.choosing import settled
from shared.message.consents.merging import denied, permitted
from shared.message.handled import Handled
from shared.message.policy import DEFAULT, Policy
from shared.patient.record import PatientRecord, TimelineLine


def inherit(record: PatientRecord, merged: RecordMerged, now: Instant, policy: Policy = DEFAULT) -> Handled:
    """Take over the opt-outs of a record that was merged into this one; again changes nothing.

    Each counts from when it was said: what was taken back here since stays so. What somebody agreed to is
    not taken over, apart from exceptions to these opt-outs.
    """
    after = record
    for no in _opt_outs(merged):
        after = denied(after, replace(no, source="merge"))
    fresh = len(after.opt_outs) - len(record.opt_outs)
    for yes in merged.exceptions:
        after = permitted(after, replace(yes, source="merge"))
    found = settled(record, after, now, policy)
    if fresh <= 0:
        return replace(found, timeline=())
    whose = f"Patient/{merged.patient_id}"
    text = f"Took over {fresh} opt-out(s) from {whose}, which was merged into this one"
    ended = tuple(line for line in found.timeline if line.kind != "inbound")
    return replace(found, timeline=(TimelineLine(now, "inbound", text, (whose,)), *ended))


def _opt_outs(merged: RecordMerged) -> tuple[Choice, ...]:
    """Return those that are named, whole where that is known."""
    named = frozenset(merged.opt_outs)
    whole = tuple(no for no in merged.choices if (no.channel, no.address, no.since) in named)
    known = {(no.channel, no.address, no.since) for no in whole}
    return whole + tuple(Choice(*each) for each in merged.opt_outs if each not in known)

"""The anchor: one AuditEvent on the FHIR server that says how all lanes stood at the last export.

Whoever can write to our storage and not to the FHIR server cannot put the trail back to an earlier state
unnoticed: the server keeps what it was told, and the versions of before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.fhir.audit_event import anchor_event, texts_of
from shared.fhir.instants import Instant
from shared.fhir.references import ResourceKey
from shared.patient.record import identify
from shared.ports import FhirServer
from shared.usecases.trail.checkpoint import Claim, read_claim

ANCHOR = identify("audit", "anchor")
"""Id of the AuditEvent."""


async def write_anchor(fhir: FhirServer, claims: Sequence[Claim], now: Instant) -> None:
    """Tell the FHIR server how the lanes stand. Raises Unavailable, Rejected."""
    await fhir.update(anchor_event(ANCHOR, now, tuple(map(str, claims))))


async def read_anchor(fhir: FhirServer) -> tuple[Claim, ...]:
    """Return what the FHIR server tells of the lanes; nothing where nothing was exported yet."""
    found = (await fhir.read(ResourceKey("AuditEvent", ANCHOR))).resource
    texts = texts_of(found) if isinstance(found, Mapping) else ()
    return tuple(claim for text in texts if (claim := read_claim(text)))

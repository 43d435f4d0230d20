"""The clinical guard's second look: right before messages go out, read again what they hang on.

What comes back is events like any others: a death or a cancellation that we had not heard of stops the
message in shared.decide, with no rule of its own here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from shared.deciding.erasure import ERASED
from shared.errors import Rejected, Unavailable
from shared.events import Event, ResourceChanged, SendPostponed, SendSettled
from shared.fhir.instants import MINUTE, Instant
from shared.fhir.lens import Lens
from shared.fhir.project import tombstone
from shared.fhir.references import parse_reference
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.usecases.read import read_content
from shared.usecases.services import Services

AGAIN = 2 * MINUTE
"""When the FHIR server cannot be asked, messages wait this long."""


async def look_again(
    services: Services,
    record: PatientRecord,
    messages: Sequence[Message],
    fresh: frozenset[str],
    now: Instant,
    lens: Lens,
) -> list[Event]:
    """Read the patient, who gets each message, and its focus; `fresh` has been read for this trigger already.

    When the server cannot answer, every one of the messages is postponed: nothing is sent unguarded.
    """
    named = {reference for m in messages for reference in (m.focus, m.party) if reference}
    wanted = {f"Patient/{record.patient_id}", *named} - fresh
    try:
        reads = (_read(services, record.patient_id, text, now, lens) for text in sorted(wanted))
        contents = await asyncio.gather(*reads)
        stopped = await _to_the_erased(services, messages)
    except Unavailable as unavailable:
        return [SendPostponed(m.message_id, Instant(now + AGAIN), unavailable.reason) for m in messages]
    return [*_flat(contents), *stopped]


async def _to_the_erased(services: Services, messages: Sequence[Message]) -> list[Event]:
    """Stop messages to contact points of people who were erased: nobody is to write to them again."""
    if services.marks is None:
        return []
    found = [m for m in messages if await services.marks.hold(m.channel, m.to)]
    reason = "the contact point is that of a person who was erased"
    return [SendSettled(m.message_id, "refused", reason=reason, code=ERASED) for m in found]


async def _read(services: Services, patient_id: str, reference: str, now: Instant, lens: Lens) -> list[Event]:
    """Read what a message hangs on; what is another patient's by now is gone from here."""
    try:
        key, _ = parse_reference(reference)
        found = await read_content(services, key, "", now, lens)
    except Rejected:
        return []  # what the server holds now is unusable; what we know stands
    content = found.content
    if found.projection is not None and patient_id not in found.projection.patients:
        content = tombstone(key, content.version, content.updated)
    return [ResourceChanged(content)] if found.projection or found.deleted else []


def _flat(groups: Iterable[list[Event]]) -> Iterable[Event]:
    for group in groups:
        yield from group

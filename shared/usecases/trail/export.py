"""Write the audit trail to the FHIR server: an AuditEvent for each entry, from where the last export ended.

Ids follow from the entries, so that whatever is written twice is written over with the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import batched
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.access.chain import LANES, Link
from shared.access.table import OPERATIONS
from shared.errors import Conflict
from shared.fhir.audit_event import Action, audit_event
from shared.fhir.instants import Instant
from shared.patient.record import identify
from shared.ports.trail import AuditEntry, entry_of
from shared.usecases.operations.running import Progress, start
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services
from shared.usecases.trail.anchor import write_anchor
from shared.usecases.trail.checkpoint import OURSELVES, claim_of, heads

KIND, STATE = "audit-export", "state"
"""Kind and name of the document that says up to where all was written."""
EXPORT = "export-audit"
"""Kind of the long work."""
PAGE = 200
AT_ONCE = 8
"""Requests to the FHIR server under way."""


class Exported(Struct, frozen=True):
    """Up to which entry each lane was written."""

    stamps: dict[int, int] = {}
    at: Instant | None = None


class Place(Struct, frozen=True):
    """Where an export is: in which lane, below which stamp, and up to which it goes there."""

    lane: int = 0
    below: int = 0
    until: int = 0


_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(Exported).decode


async def exported(services: Services) -> tuple[Exported, str]:
    """Read how far exports are, and the document's ETag. Raises Unavailable."""
    found = await services.documents.get(KIND, STATE)
    return (_decode(found[0]), found[1]) if found else (Exported(), "")


async def export_work(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Export as long work; after a crash it goes on where it was. Raises Unavailable."""
    ends = await heads(services)
    state, _ = await exported(services)
    place = _read_place(work.place)
    done = work.done
    for head in ends[place.lane :]:
        since = state.stamps.get(head.lane, 0)
        begun = (
            place if head.lane == place.lane and place.below else Place(head.lane, head.stamp + 1, head.stamp)
        )
        done = await _export_lane(services, begun, since, progress, done)
        await _note(services, begun)
    await write_anchor(services.fhir, [claim_of(head) for head in ends if head.number], services.clock.now())
    return {"written": done}


async def _export_lane(services: Services, place: Place, since: int, progress: Progress, done: int) -> int:
    while found := await services.trail.page(place.lane, place.below, PAGE, since=since + 1):
        await _write(services, found)
        done, place = done + len(found), replace(place, below=found[-1].stamp)
        await progress.tell(done, None, f"lane {place.lane + 1} of {LANES}", _place(place))
    return done


def _place(place: Place) -> str:
    return msgspec.json.encode(place).decode()


def _read_place(text: str) -> Place:
    return msgspec.json.decode(text, type=Place) if text else Place()


async def _write(services: Services, links: Sequence[Link]) -> None:
    read = [(link, entry) for link in links if (entry := entry_of(link)) is not None]
    keys = sorted({entry.patient for _, entry in read if entry.patient})
    ids: dict[str, str] = {}
    for some in batched(keys, AT_ONCE, strict=False):
        stored = await asyncio.gather(*map(services.patients.load, some))
        ids |= {key: each.record.patient_id for key, each in zip(some, stored, strict=True)}
    for some_read in batched(read, AT_ONCE, strict=False):
        events = (event_of(link, entry, ids.get(entry.patient, "")) for link, entry in some_read)
        await asyncio.gather(*map(services.fhir.update, events))


def event_of(link: Link, entry: AuditEntry, patient_id: str) -> dict[str, object]:
    """Return the AuditEvent of an entry."""
    chain = {
        "lane": str(link.lane),
        "number": str(link.number),
        "digest": link.digest,
        "previous": link.previous,
        "key": link.key,
    }
    event_id = identify("audit", link.lane, link.number, link.digest)
    return audit_event(event_id, entry, action_of(entry), patient_id, chain)


def action_of(entry: AuditEntry) -> Action:
    """Say in FHIR's words what was done."""
    if entry.kind == "read":
        return "R"
    operation = OPERATIONS.get(entry.operation)
    method = operation.method if operation else "POST"
    actions: dict[str, Action] = {"PUT": "U", "PATCH": "U", "DELETE": "D"}
    return actions.get(method, "C" if entry.operation.startswith("create") else "E")


async def _note(services: Services, head: Place) -> None:
    """Write down that a lane was written up to here."""
    while True:
        state, etag = await exported(services)
        stamps = {**state.stamps, head.lane: max(head.until, state.stamps.get(head.lane, 0))}
        try:
            await services.documents.put(KIND, STATE, _encode(Exported(stamps, services.clock.now())), etag)
        except Conflict:
            continue
        return


async def start_export(services: Services) -> LongWork:
    """Begin the export of tonight. Raises Unavailable."""
    day = services.clock.now() // _DAY
    return await start(services, EXPORT, OURSELVES, {}, f"export of the audit trail, day {day}")


_DAY = 24 * 3600 * 1_000_000

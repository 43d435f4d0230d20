"""Reads: who looked at all that is held of somebody, or did something about it, by the command line.

Noted in the audit trail, where the admin API notes its own; documents of earlier releases are still read.
"""

from __future__ import annotations

import logging
from typing import Literal
from uuid import uuid4

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry
from shared.usecases.services import Services
from shared.usecases.trail.listing import Place, Wanted, list_entries

READS = "reads"
"""Kind of the documents in which earlier releases noted it: by instant."""
COMMAND = "command:"
"""With it begin the operations of the command line in the audit trail."""

logger = logging.getLogger("hearthline.audit")

type What = Literal["evidence", "export", "erase", "lift", "list", "backup", "restore"]

_CHANGES = frozenset({"erase", "lift", "restore"})
_PAGE = 200
_decode = msgspec.json.Decoder


class Noted(str):
    """By whom, where the admin API has noted it already: nothing is noted twice."""

    __slots__ = ()


class Read(Struct, frozen=True):
    """One look at what is held of a person, or something that was done about it."""

    at: Instant
    by: str
    """Who, as an opaque id."""
    what: str
    """A What, or an operation of the admin API."""
    key: str
    """Whose, or "" where that is not known."""
    reason: str = ""
    outcome: str = "done"
    """As in the audit trail: what was refused was not seen."""


async def note(services: Services, what: What, key: str, by: str, reason: str = "") -> None:
    """Write down who does what about whom, "" for everybody, before it is done.

    Raises Rejected (no-reader), Unavailable.
    """
    if isinstance(by, Noted):
        return
    if not by.strip():
        raise Rejected("somebody must be named who does it", "no-reader")
    change = what in _CHANGES
    await services.trail.append(
        AuditEntry(
            at=services.clock.now(),
            request=str(uuid4()),
            operation=f"{COMMAND}{what}",
            kind="change" if change else "read",
            outcome="begun" if change else "done",
            by=by,
            patient=key,
            why=reason,
        )
    )
    logger.info("%s of %s by %s", what, key or "nobody known", by)


async def reads_of(services: Services, key: str) -> list[Read]:
    """Return all that was noted of a person, by the command line or the admin API, oldest first.

    Raises Unavailable.
    """
    decode = _decode(Read).decode
    before = [decode(body) async for _, body in services.documents.all(READS)]
    found = [read for read in before if read.key == key] + await _in_trail(services, key)
    return sorted(found, key=lambda read: read.at)


async def _in_trail(services: Services, key: str) -> list[Read]:
    found: list[Read] = []
    place: Place | None = None
    while True:
        listed, place = await list_entries(services.trail, Wanted(patient=key), place, _PAGE)
        entries = (each.entry for each in listed)
        found += [_read(entry) for entry in entries if entry is not None]
        if place is None:
            return found


def _read(entry: AuditEntry) -> Read:
    what = entry.operation.removeprefix(COMMAND)
    return Read(entry.at, entry.by, what, entry.patient, entry.why, entry.outcome)

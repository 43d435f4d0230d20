"""The audit trail as the use cases need it: append-only and chained, so that a gap or an edit is found."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.access.chain import Link, Mark, Sealer
from shared.errors import Unavailable
from shared.fhir.instants import Instant


class AuditEntry(Struct, frozen=True):
    """One thing that somebody did, or was refused; ids and digests alone, nothing of what was seen."""

    at: Instant
    request: str
    """Joins the entries of one request."""
    operation: str
    """By its name in shared.access.table."""
    kind: Literal["read", "change"]
    outcome: Literal["begun", "done", "failed", "refused"]
    """A read is `done` before anything is shown. A change has two entries: `begun` and what came of it."""
    by: str
    """Opaque id of the person or application."""
    roles: tuple[str, ...] = ()
    patient: str = ""
    """Opaque key of whom it was about, where it was about one person."""
    about: tuple[str, ...] = ()
    """What else it was about: canonical names, ids."""
    why: str = ""
    """The reason that was given."""
    glass: bool = False
    """The glass was broken: somebody saw what their role does not show them."""
    before: str = ""
    """Digest of what was there, in a change."""
    after: str = ""
    """Digest of what is there now."""
    address: str = ""
    """Where the request came from."""


encode_entry = msgspec.json.Encoder().encode
decode_entry = msgspec.json.Decoder(AuditEntry).decode


def entry_of(link: Link) -> AuditEntry | None:
    """Read the entry of a link; None where somebody wrote something else over it."""
    try:
        entry = decode_entry(link.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return entry if 0 <= entry.at < _FAR else None


_FAR = 253_402_300_800_000_000
"""Microseconds from 1970 to the year 10000."""
_MOST_TEXT, _MOST_WHY, _MOST_ABOUT = 300, 500, 20
"""Characters of each text of an entry, and how many things it is about: longer ones are cut."""


def bounded(entry: AuditEntry) -> AuditEntry:
    """Return an entry that fits into a row: texts cut, and without what is no text."""
    about = entry.about
    if len(about) > _MOST_ABOUT:
        about = (*about[: _MOST_ABOUT - 1], f"and {len(about) - _MOST_ABOUT + 1} more")
    texts = {name: _cut(getattr(entry, name)) for name in _TEXTS}
    roles, why = tuple(map(_cut, entry.roles[:20])), _cut(entry.why, _MOST_WHY)
    return replace(entry, about=tuple(map(_cut, about)), roles=roles, why=why, **texts)


_TEXTS = ("request", "operation", "by", "patient", "before", "after", "address")


def _cut(text: str, most: int = _MOST_TEXT) -> str:
    clean = "".join(each if each.isprintable() else " " for each in text[:most])
    return clean.encode(errors="replace").decode() + ("…" if len(text) > most else "")


class AuditTrail(Protocol):
    """Where entries are appended; nothing here changes or removes one, but retention after years."""

    @property
    def sealer(self) -> Sealer:
        """Return what checks digests."""
        ...

    async def append(self, entry: AuditEntry) -> None:
        """Append an entry durably before this returns. Raises Unavailable: then nothing may be shown.

        Also then the entry may be there: the trail may tell of more than was shown, never of less.
        """
        ...

    async def head(self, lane: int) -> Mark:
        """Return a lane's latest end."""
        ...

    async def foot(self, lane: int) -> Mark:
        """Return up to where retention removed a lane's entries."""
        ...

    async def page(
        self, lane: int, below: int, limit: int, *, since: int = 0, patient: str = "", by: str = ""
    ) -> tuple[Link, ...]:
        """Return the first `limit` entries of a lane, newest first, of stamps from `since` on below `below`.

        Of one patient, or by one caller, where that is asked (not both): one query of so many rows each.
        """
        ...

    async def copies(self, lane: int, after: str, limit: int) -> tuple[Copy, ...]:
        """Return the first `limit` rows beyond one that repeat entries, in the order of their names."""
        ...

    async def prune(self, lane: int, before: Instant) -> int:
        """Remove a lane's entries of before an instant, oldest whole, and move its foot; how many."""
        ...

    async def settle(self, lane: int) -> int:
        """Put a lane right that was restored from a backup: entries were appended while that was made.

        How many entries or rows by which they are found were taken on or dropped.
        """
        ...


class Copy(Struct, frozen=True):
    """A row that repeats an entry, under what it is found by."""

    row: str
    link: Link
    fits: bool
    """It is under what its entry is found by."""


class NoTrail:
    """Where nobody opened the audit trail: what belongs into it cannot be done."""

    sealer = Sealer()

    async def append(self, entry: AuditEntry) -> None:
        """See AuditTrail.append."""
        raise Unavailable("there is no audit trail")

    async def head(self, lane: int) -> Mark:
        """See AuditTrail.head."""
        raise Unavailable("there is no audit trail")

    async def foot(self, lane: int) -> Mark:
        """See AuditTrail.foot."""
        raise Unavailable("there is no audit trail")

    async def page(
        self, lane: int, below: int, limit: int, *, since: int = 0, patient: str = "", by: str = ""
    ) -> tuple[Link, ...]:
        """See AuditTrail.page."""
        raise Unavailable("there is no audit trail")

    async def copies(self, lane: int, after: str, limit: int) -> tuple[Copy, ...]:
        """See AuditTrail.copies."""
        raise Unavailable("there is no audit trail")

    async def prune(self, lane: int, before: Instant) -> int:
        """See AuditTrail.prune."""
        raise Unavailable("there is no audit trail")

    async def settle(self, lane: int) -> int:
        """See AuditTrail.settle."""
        raise Unavailable("there is no audit trail")

"""The audit trail as the use cases need it: append-only and chained, so that a gap or an edit is found."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

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


class AuditTrail(Protocol):
    """Where entries are appended; nothing here changes or removes one, but retention after years."""

    async def append(self, entry: AuditEntry) -> None:
        """Append an entry durably before this returns. Raises Unavailable: then nothing may be shown."""
        ...

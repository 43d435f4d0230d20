"""One operation of the admin API: where it is, who may call it, and what it must bring along."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from shared.access.roles import Caller, Roles

type Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Operation(Struct, frozen=True):
    """A row of the table: the code registers its route from it, the documentation and the tests read it."""

    name: str
    """The `operationId` of OpenAPI: a verb and what it is done to."""
    method: Method
    path: str
    """Below /api/admin/v1; "{patient}" and the like are opaque ids, never anything of a person."""
    roles: Roles
    summary: str
    """One sentence, as a command."""
    audited: Literal["", "read", "change"] = ""
    """What of it goes into the audit trail: that somebody's data was read, or something changed."""
    starts: bool = False
    """It creates or starts something: needs an `Idempotency-Key`."""
    edits: bool = False
    """It edits what has an ETag: needs an `If-Match`."""
    shown_once: bool = False
    """Its answer holds a secret: it is not kept, and who asks again under the same key is refused."""
    glass: Roles = frozenset()
    """Roles that see more of one person by breaking the glass: header `Break-Glass`, with a reason."""

    def allows(self, caller: Caller) -> bool:
        """Say whether somebody may call it."""
        return caller.has(self.roles)

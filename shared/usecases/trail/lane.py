"""Prove one lane of the audit trail: every entry is genuine and follows the one before, none is missing.

From the head backwards, as entries lie: each names the digest of the one before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from shared.access.chain import PLAIN, Link, Mark
from shared.errors import HearthlineError
from shared.fhir.instants import Instant
from shared.ports.trail import AuditTrail, entry_of
from shared.usecases.trail.checkpoint import Claim, claim_of, claims_in

PAGE = 500
_EVER = 10**18
_TRIES = 3
"""How often a lane is begun again that retention was at work on."""

type Tell = Callable[[int], Awaitable[None]]
"""Hears how many entries and rows were looked at."""


class Fault(Struct, frozen=True):
    """The first thing that is wrong."""

    lane: int
    number: int
    """Of the entry at which it shows; 0: none."""
    what: str


class Faulty(HearthlineError):
    """A lane is not as it was written."""

    def __init__(self, lane: int, number: int, what: str) -> None:
        super().__init__(what)
        self.fault = Fault(lane, number, what)


class Proven(Struct, frozen=True):
    """What was found in one lane."""

    lane: int
    entries: int = 0
    unkeyed: int = 0
    """Entries that were made without a secret: whoever may write could have made them."""
    unkeyed_until: Instant | None = None
    head: Claim | None = None
    pruned: int = 0
    """Number of the last entry that retention removed."""


async def prove_lane(trail: AuditTrail, lane: int, claims: set[Claim], tell: Tell) -> Proven:
    """Prove a lane, and collect what its checkpoints claim. Raises Faulty at the first fault, Unavailable."""
    for _ in range(_TRIES):
        foot = await trail.foot(lane)
        try:
            return await _prove(trail, lane, foot, claims, tell)
        except Faulty:
            if await trail.foot(lane) == foot:
                raise
    raise Faulty(lane, 0, "retention is at work on it: verify it again")


async def _prove(trail: AuditTrail, lane: int, foot: Mark, claims: set[Claim], tell: Tell) -> Proven:
    head = await trail.head(lane)
    _check_mark(trail, "head", head)
    _check_mark(trail, "foot", foot)
    await _check_beyond(trail, head, await trail.page(lane, _EVER, 1, since=head.stamp + 1))
    walk = _Walk(trail, head, foot, claims)
    below = head.stamp + 1
    while found := await trail.page(lane, below, PAGE, since=foot.stamp + 1):
        for link in found:
            walk.take(link)
        below = found[-1].stamp
        await tell(len(found))
    walk.end()
    await _check_left(trail, foot)
    await _check_copies(trail, walk, tell)
    return walk.proven()


async def _check_beyond(trail: AuditTrail, head: Mark, found: tuple[Link, ...]) -> None:
    """See that entries behind the head are such as were appended since it was read. Raises Faulty."""
    if found and found[0].stamp > (await trail.head(head.lane)).stamp:
        raise Faulty(head.lane, head.number, "there is an entry behind the head of the lane")


def _check_mark(trail: AuditTrail, end: str, mark: Mark) -> None:
    if not trail.sealer.knows(mark.key):
        raise Faulty(mark.lane, mark.number, _unknown(f"the {end}", mark.key))
    if not trail.sealer.is_mark("head" if end == "head" else "foot", mark):
        raise Faulty(mark.lane, mark.number, f"the {end} of the lane was edited")


def _unknown(what: str, key: str) -> str:
    return f"{what} was made with a secret ({key}) that is not among HEARTHLINE_AUDIT_SECRETS"


class _Walk:
    """The entries of a lane, from the latest on."""

    def __init__(self, trail: AuditTrail, head: Mark, foot: Mark, claims: set[Claim]) -> None:
        self._sealer = trail.sealer
        self.head, self.foot = head, foot
        self._number, self._digest = head.number, head.digest
        self._entries = self._unkeyed = 0
        self._unkeyed_until: Instant | None = None
        self._claims = claims
        self.copies, self.digests = 0, 0

    def take(self, link: Link) -> None:
        """Look at the next. Raises Faulty."""
        lane, number = link.lane, self._number
        if not self._sealer.knows(link.key):
            raise Faulty(lane, link.number, _unknown("an entry", link.key))
        if not self._sealer.is_link(link):
            raise Faulty(lane, number, "an entry was edited or moved")
        if link.number < number:
            raise Faulty(lane, number, f"entries {link.number + 1} to {number} are missing")
        if (link.number, link.digest) != (number, self._digest):
            raise Faulty(lane, number, "an entry stands in the place of another")
        if self._unkeyed and link.key != PLAIN:
            raise Faulty(lane, number + 1, "an entry without a key follows one with a key")
        self._count(link)
        self._number, self._digest = number - 1, link.previous

    def _count(self, link: Link) -> None:
        entry = entry_of(link)
        if link.key == PLAIN:
            self._unkeyed_until = self._unkeyed_until or Instant(link.stamp)
            self._unkeyed += 1
        self._entries += 1
        copies = 2 if entry is not None and entry.patient else 1
        self.copies += copies
        self.digests += copies * int(link.digest, 16)
        self._claims.update(claims_in(entry))

    def end(self) -> None:
        """See that the walk ended where retention did, or at the very first entry. Raises Faulty."""
        if (self._number, self._digest) != (self.foot.number, self.foot.digest):
            raise Faulty(
                self.foot.lane, self._number, f"entries {self.foot.number + 1} to {self._number} are missing"
            )

    def proven(self) -> Proven:
        """Return what was found."""
        head = claim_of(self.head) if self.head.number else None
        told = (self._entries, self._unkeyed, self._unkeyed_until, head, self.foot.number)
        return Proven(self.head.lane, *told)


async def _check_left(trail: AuditTrail, foot: Mark) -> None:
    """See that what retention has still to remove is genuine. Raises Faulty."""
    below = foot.stamp + 1
    while found := await trail.page(foot.lane, below, PAGE):
        for link in found:
            if link.number > foot.number or not trail.sealer.is_link(link):
                raise Faulty(foot.lane, link.number, "an entry was put among those that retention removed")
        below = found[-1].stamp


async def _check_copies(trail: AuditTrail, walk: _Walk, tell: Tell) -> None:
    """See that each entry is found by its patient and its caller. Raises Faulty."""
    lane, count, digests, after = walk.head.lane, 0, 0, ""
    newer: list[Link] = []
    while found := await trail.copies(lane, after, PAGE):
        for copy in found:
            if copy.link.stamp > walk.head.stamp:
                newer = max([copy.link], newer, key=lambda some: some[0].stamp if some else 0)
                continue  # appended since we began
            if not (copy.fits and trail.sealer.is_link(copy.link)):
                raise Faulty(lane, copy.link.number, "a row by which an entry is found was edited")
            if copy.link.stamp > walk.foot.stamp:
                count, digests = count + 1, digests + int(copy.link.digest, 16)
        after = found[-1].row
        await tell(len(found))
    await _check_beyond(trail, walk.head, tuple(newer))
    if (count, digests) != (walk.copies, walk.digests):
        raise Faulty(lane, 0, f"{count} rows by which entries are found, {walk.copies} were expected")

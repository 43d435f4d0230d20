"""Prove that the audit trail is as it was written: every lane, and what checkpoints and the FHIR server tell.

What this proves and what it does not: docs/audit-trail.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from itertools import batched
from typing import Any, Literal

import msgspec
from msgspec import Struct

from shared.access.chain import LANES
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant
from shared.ports.trail import AuditTrail
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services
from shared.usecases.trail.anchor import read_anchor
from shared.usecases.trail.checkpoint import Claim, checkpoint, heads
from shared.usecases.trail.export import exported
from shared.usecases.trail.lane import Fault, Faulty, Proven, Tell, prove_lane

type Compared = Literal["agrees", "none", "gone", "not reached", "not compared"]
"""Nothing was exported yet: none. It was, and the server knows nothing of it any more: gone."""

VERIFY = "verify-audit"
"""Kind of the long work."""
_AT_ONCE = 16


class Verified(Struct, frozen=True):
    """What verification found."""

    sound: bool
    entries: int
    lanes: tuple[Proven, ...]
    unkeyed: int
    unkeyed_until: Instant | None
    fhir: Compared
    """What the FHIR server tells of the trail."""
    fault: Fault | None = None


async def verify(services: Services, tell: Tell) -> Verified:
    """Prove the whole trail; the first fault is told. A sound one gets a checkpoint. Raises Unavailable."""
    proven, claims = list[Proven](), set[Claim]()
    try:
        for lane in range(LANES):
            proven.append(await prove_lane(services.trail, lane, claims, tell))
        await _check_claims(services.trail, claims, "a checkpoint", proven)
        told = await _compare(services, proven)
    except Faulty as faulty:
        return _verified(proven, "not compared", faulty.fault)
    await checkpoint(services)
    return _verified(proven, told)


async def _compare(services: Services, proven: list[Proven]) -> Compared:
    """Compare with what was written to the FHIR server at the last export. Raises Faulty."""
    try:
        claims = await read_anchor(services.fhir)
    except (Unavailable, Rejected):
        return "not reached"
    await _check_claims(services.trail, claims, "the FHIR server", proven)
    if claims:
        return "agrees"
    return "none" if (await exported(services))[0].at is None else "gone"


async def _check_claims(trail: AuditTrail, claims: Collection[Claim], who: str, proven: list[Proven]) -> None:
    pruned = {each.lane: each.pruned for each in proven}
    wanted = sorted(
        (each for each in claims if each.number > pruned.get(each.lane, 0)),
        key=lambda claim: (claim.lane, claim.number),
    )
    for some in batched(wanted, _AT_ONCE, strict=False):
        await asyncio.gather(*(_check_claim(trail, claim, who) for claim in some))


async def _check_claim(trail: AuditTrail, claim: Claim, who: str) -> None:
    there = await trail.page(claim.lane, claim.stamp + 1, 1, since=claim.stamp)
    if not there or (there[0].number, there[0].digest) != (claim.number, claim.digest):
        told = f"{who} tells of an entry that is not there: later ones were cut off, or all was put back"
        raise Faulty(claim.lane, claim.number, told)


def _verified(proven: list[Proven], fhir: Compared, fault: Fault | None = None) -> Verified:
    plain = [each.unkeyed_until for each in proven if each.unkeyed_until is not None]
    return Verified(
        sound=fault is None,
        entries=sum(each.entries for each in proven),
        lanes=tuple(proven),
        unkeyed=sum(each.unkeyed for each in proven),
        unkeyed_until=max(plain, default=None),
        fhir=fhir,
        fault=fault,
    )


async def verify_work(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Prove the trail as long work; begun anew after a crash, as it changes nothing but a checkpoint."""
    total = 3 * sum(head.number for head in await heads(services))
    done = 0

    async def tell(more: int) -> None:
        nonlocal done
        done += more
        await progress.tell(done, max(total, done), "verifying")

    found = await verify(services, tell)
    result: dict[str, Any] = msgspec.to_builtins(found)
    return result

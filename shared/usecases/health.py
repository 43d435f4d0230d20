"""How a deployment is, for those who are signed in: more than health/ready tells everybody, each by name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from shared.errors import Conflict, Invalid, Unavailable
from shared.fhir.instants import DAY, HOUR, Instant, iso
from shared.ports import QueueState
from shared.queues import QUEUES
from shared.usecases.audit_report import REPORTS, Report, joined_since
from shared.usecases.operations.resuming import still_work
from shared.usecases.services import Services
from shared.usecases.watch import alarms, since_reconciled

SECONDS = 8.0
"""How long the checks may take, which run side by side."""

UNRECONCILED = 15 * 60.0
"""Seconds without a reconciliation, which is due every five minutes, that are too long."""

UNAUDITED = 36 * HOUR
"""Without an audit, which is due every night, that is too long."""

type Check = Callable[[Services], Awaitable[str]]
"""Returns what is worth knowing, or ""; raises Unavailable or Invalid where it is not well."""


class Checked(Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    well: bool
    told: str = ""
    """What is worth knowing, or what is wrong."""


class Found(Struct, frozen=True):
    """What all checks found, and how the queues stand: () where they could not be asked."""

    checks: tuple[Checked, ...]
    queues: tuple[QueueState, ...]


async def look_at_all(services: Services, seconds: float = SECONDS) -> Found:
    """Make all checks at once; what takes too long is not well. Raises nothing but bugs."""
    states: list[QueueState] = []

    async def queues(services: Services) -> str:
        return await _queues(services, states)

    checks = {**CHECKS, "queues": queues}
    made = await asyncio.gather(*(_made(services, *each, seconds) for each in sorted(checks.items())))
    return Found(tuple(made), tuple(states))


async def _made(services: Services, name: str, check: Check, seconds: float) -> Checked:
    try:
        return Checked(name, True, await asyncio.wait_for(check(services), seconds))
    except TimeoutError:
        return Checked(name, False, "no answer in time")
    except Unavailable as unavailable:
        return Checked(name, False, unavailable.reason)
    except Conflict:
        return Checked(name, False, "somebody publishes just now")
    except Invalid:
        return Checked(name, False, "what is published, or set, cannot be used; the log says why")


async def _storage(services: Services) -> str:
    await services.documents.get(REPORTS, "none")
    return ""


async def _queues(services: Services, states: list[QueueState]) -> str:
    if services.deployment.watch is None:
        return "nobody watches them here"
    states += await services.deployment.watch.look(QUEUES)
    wrong = [each for state in states for each in alarms(state)]
    if wrong:
        raise Unavailable("; ".join(wrong))
    return ""


async def _catalogue(services: Services) -> str:
    current = await services.definitions.current()
    return current.version or "nothing is published"


async def _sending(services: Services) -> str:
    if not (await services.definitions.current()).controls.sending:
        raise Unavailable("all sending is switched off; see getSwitches")
    return ""


async def _senders(services: Services) -> str:
    found = await services.deployment.senders()
    if found.problems:
        raise Unavailable("; ".join(found.problems))
    return "; ".join(found.notes)


async def _reconciliation(services: Services) -> str:
    age = await since_reconciled(services)
    if age is None:
        return "none has come to its end yet"
    told = f"the last ended {age / 60:.0f} minutes ago"
    if age > UNRECONCILED:
        raise Unavailable(told)
    return told


async def _audit(services: Services) -> str:
    now = services.clock.now()
    last = await last_audit(services, now)
    if last is None:
        return "none within two days"
    told = f"{iso(last.started)}: {last.looked_at} patients looked at, {last.differed} differences"
    if last.finished is None and now - last.started > UNAUDITED:
        raise Unavailable(f"{told}; it has not come to its end")
    return told


async def _operations(services: Services) -> str:
    still = await still_work(services, time.time())
    if still:
        raise Unavailable(f"{len(still)} stand still: {', '.join(work.operation for work in still[:5])}")
    return ""


async def last_audit(services: Services, now: Instant) -> Report | None:
    """Return the latest audit of the last two days, or None. Raises Unavailable."""
    return await joined_since(services.documents, Instant(max(now - 2 * DAY, 0)))


CHECKS: Mapping[str, Check] = {
    "storage": _storage,
    "catalogue": _catalogue,
    "sending": _sending,
    "senders": _senders,
    "reconciliation": _reconciliation,
    "audit": _audit,
    "operations": _operations,
}

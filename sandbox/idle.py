"""Knowing when the stack has nothing left to do: no event under way, all queues empty, no function running.

Something that moves from one place to the next while we look could be missed in both. So a look counts only
if the next one finds the same, with every counter of work done unchanged in between.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
import msgspec

from sandbox.event_source.source import Stats
from sandbox.functions_host.admin import HostStatus
from sandbox.service_bus.counts import QUEUES as BUS_QUEUES
from sandbox.service_bus.counts import Counts
from sandbox.service_bus.settings import DEAD_LETTERS
from shared.adapters.clock import FileClock
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.errors import Unavailable
from shared.fhir.instants import SECOND

LIMIT = 60.0
_PAUSE = 0.01
_TIMER_LAG = 0.1  # real seconds: how far the host's timers may lag behind a clock that runs
_POISON = "-poison"
_QUEUE_NAME = re.compile(rb"<Name>([^<]+)</Name>")
_COUNT = "x-ms-approximate-messages-count"


class BusyError(Exception):
    """The stack was still at work when the time was up; the message names where."""


class Running(Protocol):
    """What is asked of a stack."""

    @property
    def urls(self) -> Mapping[str, str]:
        """The address of each service by name: host, events, acs."""
        ...

    @property
    def connection_string(self) -> str:
        """How to reach the queues."""
        ...

    @property
    def clock(self) -> FileClock:
        """The virtual clock."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the stack: what is busy and why, how much work was done so far, what was poisoned."""

    busy: tuple[str, ...]
    done: tuple[int, ...]
    poisoned: Mapping[str, int] = field(default_factory=dict)
    """Queue names and their messages: failures that no waiting cures."""


async def until_idle(stack: Running, limit: float = LIMIT) -> Look:
    """Wait until nothing moves any more. Raises BusyError after `limit` real seconds."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        return await _until_idle(stack, session, limit)


async def _until_idle(stack: Running, session: aiohttp.ClientSession, limit: float) -> Look:
    end = asyncio.get_running_loop().time() + limit
    before: Look | None = None
    while True:
        now = await look(stack, session)
        if not now.busy and now == before:
            return now
        if asyncio.get_running_loop().time() > end:
            raise BusyError(f"still busy after {limit:g} s: {', '.join(now.busy) or 'work keeps coming'}")
        before = now
        if now.busy:
            await asyncio.sleep(_PAUSE)


async def look(stack: Running, session: aiohttp.ClientSession) -> Look:
    """Look at every place once. A service that does not answer is busy."""
    try:
        queues, waiting, events, host, acs = await asyncio.gather(
            _queues(stack.connection_string, session),
            _bus(stack.urls.get("bus", ""), session),
            _get(session, f"{stack.urls['events']}/sandbox/stats", Stats),
            _get(session, f"{stack.urls['host']}/admin/host/status", HostStatus),
            _get(session, f"{stack.urls['acs']}/sandbox/stats?ids=0", AcsStats),
        )
    except (aiohttp.ClientError, TimeoutError, Unavailable, msgspec.MsgspecError) as error:
        return Look((f"a service does not answer ({type(error).__name__})",), ())
    queues = {**queues, **waiting}
    busy = (
        *_busy_queues(queues),
        *_when(events.pending, "event(s) not delivered"),
        *_busy_functions(host, stack.clock.speed),
        *_when(acs.events.pending, "ACS event(s) not delivered"),
    )
    executed = sum(function.executed for function in host.functions if function.trigger != "Timer")
    done = (executed, events.received, events.attempts, acs.accepted)
    return Look(busy, done, {name: count for name, count in queues.items() if _is_poison(name) and count})


class AcsEvents(msgspec.Struct):
    """The part of the ACS stand-in's counts about its own events."""

    pending: int


class AcsStats(msgspec.Struct):
    """The ACS stand-in's counts, as far as idling asks."""

    accepted: int
    events: AcsEvents


async def _get[T](session: aiohttp.ClientSession, url: str, kind: type[T]) -> T:
    async with session.get(url, raise_for_status=True) as answer:
        return msgspec.json.decode(await answer.read(), type=kind)


async def _queues(connection: str, session: aiohttp.ClientSession) -> Mapping[str, int]:
    """Count the messages of each queue, hidden ones included."""
    rest = StorageRest(connection_account(connection, "queue"), session)
    listed = await rest.queue("GET", "", {"comp": "list"})
    names = [name.decode() for name in _QUEUE_NAME.findall(listed.body)]
    answers = await asyncio.gather(*(rest.queue("GET", name, {"comp": "metadata"}) for name in names))
    return {name: int(answer.headers.get(_COUNT, 0)) for name, answer in zip(names, answers, strict=True)}


async def _bus(url: str, session: aiohttp.ClientSession) -> Mapping[str, int]:
    """Count the messages of each queue of Service Bus, scheduled ones included, where the stack has that."""
    if not url:
        return {}
    found = await _get(session, f"{url}{BUS_QUEUES}", dict[str, Counts])
    return {name: counts.all for name, counts in found.items()}


def _busy_queues(queues: Mapping[str, int]) -> Iterable[str]:
    return (f"queue {name}: {count}" for name, count in queues.items() if count and not _is_poison(name))


def _busy_functions(host: HostStatus, speed: float) -> Iterable[str]:
    yield from (f"function {one.name}: {one.in_flight} running" for one in host.functions if one.in_flight)
    behind = (host.now - host.timers_caught_up_to) / SECOND
    if behind > _TIMER_LAG * speed:
        yield f"timers {behind:.0f} s behind the clock"


def _when(count: int, words: str) -> Iterable[str]:
    return (f"{count} {words}",) if count else ()


def _is_poison(name: str) -> bool:
    return name.endswith((_POISON, DEAD_LETTERS))

"""Long work: have done again, or throw away, what Event Grid and our queues gave up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.errors import Unavailable
from shared.ports import PoisonQueues
from shared.usecases.dead_letters import replay_file
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.poison import Done, purge, replay
from shared.usecases.services import Services

DEAD_LETTER, REPLAY, PURGE = "replay-dead-letter", "replay-poison", "purge-poison"

MOST_MISSING = 200
"""Ids of messages that were not there which are named."""


async def replay_dead_letter(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Queue the events of the file `name`; counts of what was queued and of what was not."""
    done = await replay_file(services, work.params["name"])
    return {
        "events": done.events,
        "queued": done.queued,
        "ignored": len(done.ignored),
        "reasons": dict(done.reasons),
    }


async def replay_poison(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Put messages of `queue` back: the chosen `messages`, or all."""
    chosen = _chosen(work)
    return _result(await replay(services, poison_of(services), work.params["queue"], chosen))


async def purge_poison(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Throw messages of `queue` away, and write down by whom and why."""
    queue, reason = work.params["queue"], work.params["reason"]
    return _result(await purge(services, poison_of(services), queue, _chosen(work), work.by, reason))


def poison_of(services: Services) -> PoisonQueues:
    """Return what queues gave up. Raises Unavailable where nobody said where that is."""
    found = services.deployment.poison
    if found is None:
        raise Unavailable("there is no place for what queues give up")
    return found


def _chosen(work: LongWork) -> frozenset[str] | None:
    messages: Sequence[str] | None = work.params["messages"]
    return None if messages is None else frozenset(messages)


def _result(done: Done) -> dict[str, Any]:
    return {"done": len(done.done), "missing": list(done.missing[:MOST_MISSING])}

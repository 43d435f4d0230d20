"""Watch: say in numbers how the queues stand and how long nothing was searched for, and what is alarming.

By timer, every minute; what alarms are raised upon is docs/observability.md.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec
from msgspec import Struct

from shared.errors import Conflict
from shared.fhir.instants import SECOND, Instant
from shared.ports import QueueState, QueueWatch
from shared.queues import QUEUES
from shared.telemetry import gauge
from shared.usecases.services import Services

RECONCILIATIONS = "reconciliations"
"""Kind of the one document that says when everything was last searched."""

LATEST = "latest"

LATE = 15 * 60.0
"""Seconds for which nothing should wait that could be handed out."""


class Reconciled(Struct, frozen=True):
    """When a reconciliation last came to its end; before the first, when somebody first asked."""

    at: Instant


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reconciled).decode


async def note_reconciled(services: Services) -> None:
    """Write down that everything has just been searched. Raises Unavailable."""
    await services.documents.put(RECONCILIATIONS, LATEST, _encode(Reconciled(services.clock.now())), None)


async def watch_reconciliation(services: Services) -> float:
    """Say for how many seconds no reconciliation has come to its end. Raises Unavailable."""
    now = services.clock.now()
    found = await services.documents.get(RECONCILIATIONS, LATEST)
    if found is None:
        with suppress(Conflict):  # one has just ended
            await services.documents.put(RECONCILIATIONS, LATEST, _encode(Reconciled(now)), "")
    age = (now - _decode(found[0]).at) / SECOND if found else 0.0
    gauge("hearthline.reconciliation.age", age)
    return age


async def since_reconciled(services: Services) -> float | None:
    """Say how many seconds ago a reconciliation came to its end; None where none has. Raises Unavailable."""
    found = await services.documents.get(RECONCILIATIONS, LATEST)
    return (services.clock.now() - _decode(found[0]).at) / SECOND if found else None


async def watch_queues(watch: QueueWatch) -> tuple[str, ...]:
    """Say how every queue stands; sentences about what is alarming. Raises Unavailable."""
    found = await watch.look(QUEUES)
    for state in found:
        _tell(state)
    return tuple(sentence for state in found for sentence in alarms(state))


def _tell(state: QueueState) -> None:
    gauge("hearthline.queue.poison", state.poison, queue=state.queue)
    if state.waiting is not None:
        gauge("hearthline.queue.waiting", state.waiting, queue=state.queue)
    if state.oldest is not None:
        gauge("hearthline.queue.oldest", state.oldest, queue=state.queue)


def alarms(state: QueueState) -> list[str]:
    """Say what is alarming of a queue, in sentences."""
    said = []
    if state.poison:
        said.append(f"{state.queue}: {state.poison} messages were given up, see hearthline poison")
    if state.oldest is not None and state.oldest > LATE:
        said.append(f"{state.queue}: the oldest message waits for {state.oldest / 60:.0f} minutes")
    return said

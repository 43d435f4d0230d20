"""What was given up: see it, have it done again once the bug is mended, or throw it away for good.

Poison is what no try could carry out and what no other system's absence explains: a bug. For staff, by
`hearthline poison`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

import msgspec
from msgspec import Struct

from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant
from shared.nearest import nearest
from shared.ports import PoisonCount, PoisonMessage, PoisonQueues
from shared.queues import QUEUES
from shared.usecases.jobs import decode_job, envelope_of, session_of
from shared.usecases.poison_shown import Shown, look_at
from shared.usecases.posting import pass_on
from shared.usecases.services import Services

PURGES = "purges"
"""Kind of the documents that say what was thrown away: one a message, by instant."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder


class Purge(Struct, frozen=True):
    """One message that somebody threw away: what it was by kind and ids, who did it, why."""

    at: Instant
    by: str
    """Who, as an opaque id."""
    reason: str
    queue: str
    letter_id: str
    kind: str
    ids: tuple[tuple[str, str], ...]


class Done(Struct, frozen=True):
    """What came of it: ids of messages."""

    done: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """Chosen, but not there, or in somebody else's hands."""


async def counts(poison: PoisonQueues) -> tuple[PoisonCount, ...]:
    """Count what each queue gave up. Raises Unavailable."""
    return tuple(await asyncio.gather(*(poison.count(queue) for queue in QUEUES)))


async def show(poison: PoisonQueues, queue: str, limit: int) -> tuple[Shown, ...]:
    """Show the first messages that a queue gave up. Raises Rejected (unknown-queue), Unavailable."""
    _check(queue)
    return tuple(look_at(message) for message in await poison.peek(queue, limit))


async def replay(
    services: Services, poison: PoisonQueues, queue: str, chosen: Collection[str] | None
) -> Done:
    """Put messages back onto their queue, by id or all, as new ones; they are tried as often as any.

    Sent first and removed then: a crash in between doubles a message, which does no harm, and loses none.
    Nothing of it can be dropped as a repetition. Raises Rejected (unknown-queue), Unavailable.
    """

    async def send(message: PoisonMessage) -> None:
        body = message.body
        await pass_on(services.queue, queue, begun_anew(body), _session(body), message.letter_id)

    return await _each(poison, queue, chosen, send)


async def purge(
    services: Services, poison: PoisonQueues, queue: str, chosen: Collection[str] | None, by: str, reason: str
) -> Done:
    """Throw messages away, by id or all; what they would have brought about is lost.

    It is written down first, message by message, who does it, why, and what it was by kind and ids. Raises
    Rejected (unknown-queue; no-reason where nobody or no reason is named), Unavailable.
    """
    if not (by.strip() and reason.strip()):
        raise Rejected("throwing work away needs somebody who does it, and a reason", "no-reason")

    async def note(message: PoisonMessage) -> None:
        seen, at = look_at(message), services.clock.now()
        purged = Purge(at, by, reason, queue, message.letter_id, seen.kind, seen.ids)
        name = f"{at:020d}-{queue}-{message.letter_id}"
        await services.documents.put(PURGES, name, _encode(purged), None)

    return await _each(poison, queue, chosen, note)


async def purges(services: Services) -> list[Purge]:
    """Return all that was thrown away, oldest first. Raises Unavailable."""
    decode = _decode(Purge).decode
    return [decode(body) async for _, body in services.documents.all(PURGES)]


def begun_anew(body: bytes) -> bytes:
    """Return a job as if it had never been handed out; all else that goes along with it stays as it is."""
    if not envelope_of(body).deliveries:
        return body
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return _encode({name: value for name, value in fields.items() if name != "@deliveries"})


def _session(body: bytes) -> str:
    try:
        return session_of(decode_job(body))
    except Rejected:
        return ""


async def _each(
    poison: PoisonQueues,
    queue: str,
    chosen: Collection[str] | None,
    first: Callable[[PoisonMessage], Awaitable[None]],
) -> Done:
    _check(queue)
    begun = 0

    async def counted(message: PoisonMessage) -> None:
        nonlocal begun
        await first(message)
        begun += 1

    try:
        done = await poison.remove(queue, chosen, counted)
    except Unavailable as failed:
        raise Unavailable(f"{failed.reason}; {begun} of them were done", failed.retry_after) from failed
    return Done(done, tuple(sorted(set(chosen or ()) - set(done))))


def _check(queue: str) -> None:
    if queue not in QUEUES:
        near = nearest(queue.removesuffix("-poison"), QUEUES)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(QUEUES)}"
        raise Rejected(f"there is no queue {queue!r}: {hint}", "unknown-queue")

"""Put jobs on queues: the one way in which anything here is left for later."""

from __future__ import annotations

from shared.errors import Unavailable
from shared.ports import Queue
from shared.telemetry import trace_parent
from shared.usecases.jobs import Change, Envelope, Job, encode_job, session_of


async def post(queue: Queue, name: str, job: Job, delay: float = 0.0, *, heard: bool = False) -> None:
    """Put a job on a queue, visible after `delay` seconds of real time. Raises Unavailable.

    `heard` says that it is what somebody told us for the first time: a queue that knows repetitions may drop
    it when the same version of the same resource is told again within minutes. Whatever is tried again, or
    found by a search, must not be dropped.
    """
    once = _once(job) if heard else ""
    body = encode_job(job, Envelope(trace=trace_parent()))
    await queue.send(name, body, delay, session=session_of(job), once=once)


def _once(job: Job) -> str:
    if not isinstance(job, Change) or not job.version or job.key:
        return ""
    return f"{job.resource_type}/{job.resource_id}/{job.version}/{job.action}"


async def pass_on(queue: Queue, name: str, body: bytes, session: str, message_id: str) -> None:
    """Put a message that stood elsewhere on a queue, never as one that is told again. Raises Unavailable."""
    try:
        await queue.send(name, body, session=session)
    except ValueError as error:
        raise Unavailable(f"{name} does not take message {message_id}: {error}") from error

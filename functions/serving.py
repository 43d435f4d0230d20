"""What all entry points share: the services of this process, problem+json answers, and queue jobs.

Each file of this package decodes a trigger, calls one use case and encodes the answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import azure.functions as func
from msgspec.structs import replace

from functions.listening import Delivery
from shared.bootstrap import queue as queues
from shared.bootstrap import services
from shared.config import Transport, transport
from shared.errors import Invalid, Rejected, Unauthenticated, Unavailable
from shared.telemetry import count, measure
from shared.usecases.jobs import Job, decode_job, encode_job, envelope_of, in_turn_of, session_of
from shared.usecases.react import Crowded, Trigger
from shared.usecases.rejections import record_rejection
from shared.usecases.services import Services

logger = logging.getLogger("hearthline")

_STATUS = {
    "too-large": 413,
    "method-not-allowed": 405,
    "unknown-source": 404,
    "batch-too-large": 413,
    "unknown-patient": 422,
    "ambiguous-patient": 422,
}

PATIENCE: dict[Transport, int] = {"storage": 5, "servicebus": 1}
"""Deliveries after which a message that waits for another system is put back; fewer than make it poison.

A Storage queue hides what failed for a while; Service Bus hands it out again at once.
"""

PAUSE: dict[Transport, float] = {"storage": 10.0, "servicebus": 1.0}
"""Seconds for which it is then hidden, at least; doubled each time."""

LONGEST = 300.0
"""Seconds for which it is hidden at most."""

HELD: dict[Transport, tuple[float, ...]] = {"storage": (), "servicebus": (5.0, 15.0, 30.0)}
"""Seconds between tries to put a message off, while its lock is renewed: queues may be full, or throttle.

Service Bus hands out at once what is given back, and eight times would be poison within seconds.
"""

UNCOUNTED = 10.0
"""Seconds for which a message is hidden that is none of our jobs: it does not say how often that was done."""


def problem(status: int, code: str, detail: str, retry_after: float | None = None) -> func.HttpResponse:
    """Answer with a problem document (RFC 9457); `detail` must hold no patient data."""
    body = {"type": f"urn:hearthline:problem:{code}", "title": code.replace("-", " "), "status": status}
    headers = {"Retry-After": str(round(retry_after or 5))} if status == 503 else {}
    return func.HttpResponse(
        json.dumps({**body, "detail": detail}),
        status_code=status,
        mimetype="application/problem+json",
        headers=headers,
    )


async def answer(handle: Callable[[Services], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    """Run a handler, and answer what it raises: 4xx for the sender's faults, 503 for ours."""
    try:
        ready = await services()
        try:
            return await handle(ready)
        finally:
            await kept_what_happened(ready)
    except Unauthenticated as refused:
        logged("refused", refused.code)
        return problem(401, refused.code, refused.reason)
    except Rejected as rejected:
        logged("rejected", rejected.code)
        return problem(_STATUS.get(rejected.code, 400), rejected.code, rejected.reason)
    except Unavailable as unavailable:
        logger.warning("unavailable: %s", unavailable.reason)
        return problem(503, "unavailable", "try again later", unavailable.retry_after)
    except Invalid as invalid:
        logger.error("not ready: %s", invalid)
        return problem(503, "not-configured", "the settings or definitions are wrong; see the log")


async def carry_out(delivery: Delivery, handle: Callable[[Services, Job, Trigger], Awaitable[None]]) -> None:
    """Run the job in a message, with the patience of `settle`."""
    along = envelope_of(delivery.body)
    trigger_id, tried = along.trigger or delivery.message_id, along.deliveries + delivery.count
    trigger = Trigger(trigger_id, tried, delivery.uncounted)
    await settle(delivery, lambda ready: handle(ready, decode_job(delivery.body), trigger))


async def settle(delivery: Delivery, handle: Callable[[Services], Awaitable[None]]) -> None:
    """Handle a message. What can never work is recorded and acknowledged; all else is retried.

    However long a system is away, that makes no message poison: after some tries it goes to the end of its
    queue, as new. Poison is what raises anything else: a bug.
    """
    began, outcome = time.monotonic(), "failed"
    try:
        outcome = await _settled(delivery, handle)
    except Unavailable:
        outcome = "waiting"
        raise
    finally:
        took = time.monotonic() - began
        count("hearthline.jobs", queue=delivery.queue, outcome=outcome)
        measure("hearthline.job.age", delivery.age + took, queue=delivery.queue)
        measure("hearthline.job.duration", took, queue=delivery.queue, outcome=outcome)


async def _settled(delivery: Delivery, handle: Callable[[Services], Awaitable[None]]) -> str:
    try:
        return await _handle(await services(), delivery.message_id, handle)
    except Unavailable as unavailable:
        if delivery.count < PATIENCE[transport()]:
            raise
        logger.warning("put off: %s", unavailable.reason)
        await _put_off(delivery, unavailable)
        count("hearthline.put_off", queue=delivery.queue)
        return "put-off"


async def _put_off(delivery: Delivery, unavailable: Unavailable) -> None:
    """Put a message at the end of its queue, never as one that is told again, which a queue might drop.

    It stays the same trigger, as claims name that. What met others at one patient waits for its turn there.
    """
    body, session, pause = delivery.body, "", UNCOUNTED
    with suppress(Rejected):  # what is none of our jobs goes as it is
        job, along = decode_job(body), envelope_of(body)
        if isinstance(unavailable, Crowded):
            job = in_turn_of(job, unavailable.key)
        tried, trigger = along.deliveries + delivery.count, along.trigger or delivery.message_id
        body = encode_job(job, replace(along, trigger=trigger, deliveries=tried))
        session, pause = session_of(job), _pause(tried)
    await _send_back(delivery.queue, body, max(pause, unavailable.retry_after or 0.0), session)


async def _send_back(queue: str, body: bytes, delay: float, session: str) -> None:
    for pause in HELD[transport()]:
        try:
            return await queues().send(queue, body, delay, session=session)
        except Unavailable as unavailable:
            logger.warning("held: %s", unavailable.reason)
            await asyncio.sleep(max(pause, unavailable.retry_after or 0.0))
    await queues().send(queue, body, delay, session=session)


def _pause(tried: int) -> float:
    """Return for how long what was handed out so often is hidden, in seconds."""
    times = tried // PATIENCE[transport()]
    return min(PAUSE[transport()] * 2.0 ** min(times - 1, 16), LONGEST)


async def _handle(ready: Services, trigger_id: str, handle: Callable[[Services], Awaitable[None]]) -> str:
    try:
        await handle(ready)
    except Rejected as rejected:
        logged("rejected", rejected.code)
        await record_rejection(ready, trigger_id, rejected)
        return "rejected"
    finally:
        await kept_what_happened(ready)
    return "done"


async def kept_what_happened(ready: Services) -> None:
    """Write what was told to the analytics log before a trigger is over; one write serves all at once.

    An instance may stand still, or go, as soon as no function is at work. It never fails the trigger: the log
    can be rebuilt.
    """
    if ready.happened is not None:
        await ready.happened.flush()


def logged(what: str, code: str) -> None:
    """Log that something was refused or rejected, and count it."""
    logger.warning("%s: %s", what, code, extra={"code": code})
    count("hearthline.rejections", code=code)

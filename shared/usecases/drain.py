"""Carry out what a commit left to do: index rows from the outbox, and claimed messages to their channels."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from shared.effects import IndexEffect, SendMessage
from shared.errors import Unavailable
from shared.events import EffectsDone, Event, SendSettled
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult, Unknown
from shared.patient.record import PatientRecord
from shared.usecases.services import Services


class Drained(Struct, frozen=True):
    """What came of it, as the next events; and why the rest of the outbox has to wait, or ""."""

    events: tuple[Event, ...] = ()
    failed: str = ""


async def drain(services: Services, record: PatientRecord, sends: Sequence[SendMessage]) -> Drained:
    """Do it all at once. What fails stays in the outbox; what was sent is told in any case."""
    outbox = tuple(record.outbox.values())
    settled, failures = await asyncio.gather(
        asyncio.gather(*(_send(services, record.key, send) for send in sends)),
        asyncio.gather(*(_apply(services, record.key, effect) for effect in outbox)),
    )
    done = tuple(effect for effect, failure in zip(outbox, failures, strict=True) if not failure)
    events: list[Event] = [*settled, *([EffectsDone(done)] if done else [])]
    return Drained(tuple(events), next(filter(None, failures), ""))


async def _apply(services: Services, key: str, effect: IndexEffect) -> str:
    try:
        await services.indexes.apply(key, effect)
    except Unavailable as unavailable:
        return unavailable.reason
    return ""


def _tag(key: str, send: SendMessage) -> str:
    """Write what a delivery report brings back, so that it finds its patient with no look-up: opaque ids."""
    return f"{key} {send.message_id} lang={send.language}"


async def _send(services: Services, key: str, send: SendMessage) -> SendSettled:
    channel = services.channels.get(send.channel)
    if channel is None:
        return _settled(send, Refused("no-channel", f"no provider is set up for {send.channel}"))
    message = OutboundMessage(
        message_id=send.message_id,
        channel=send.channel,  # type: ignore[arg-type] # the channels set up are those it names
        to=send.to,
        text=send.text,
        subject=send.subject,
        html=send.html,
        first_sent=send.first_sent,
        tag=_tag(key, send),
    )
    return _settled(send, await channel.send(message))


def _settled(send: SendMessage, result: SendResult) -> SendSettled:
    match result:
        case Accepted(provider_id=provider_id):
            return SendSettled(send.message_id, "accepted", provider_id)
        case Refused(reason=reason):
            return SendSettled(send.message_id, "refused", reason=reason)
        case Deferred(reason=reason, retry_after=seconds):
            return SendSettled(send.message_id, "deferred", reason=reason, retry_after=seconds)
        case Unknown(reason=reason):
            return SendSettled(send.message_id, "unknown", reason=reason)

"""Carry out what a commit left to do: index rows from the outbox, and claimed messages to their channels."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from shared.effects import IndexContact, IndexMessage, OutboxEffect, SendMessage
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
    """Carry out the outbox, then send. What fails stays in the outbox; what was sent is told in any case.

    A message goes out only once a reply or a report finds its patient by the index: a STOP may be fast.
    """
    outbox = tuple(record.outbox.values())
    first = [effect for effect in outbox if sends and isinstance(effect, IndexContact | IndexMessage)]
    rest = [effect for effect in outbox if effect not in first]
    failures = await _apply_all(services, record.key, first)
    hindrance = next(filter(None, failures), "")
    settled, others = await asyncio.gather(
        asyncio.gather(*(_send(services, record.key, send, hindrance) for send in sends)),
        _apply_all(services, record.key, rest),
    )
    failures += others
    done = tuple(effect for effect, failure in zip((*first, *rest), failures, strict=True) if not failure)
    events: list[Event] = [*settled, *([EffectsDone(done)] if done else [])]
    return Drained(tuple(events), next(filter(None, failures), ""))


async def _apply_all(services: Services, key: str, effects: Sequence[OutboxEffect]) -> list[str]:
    """Carry out index effects at once; for each why it failed, or ""."""
    return await asyncio.gather(*(_apply(services, key, effect) for effect in effects))


async def _apply(services: Services, key: str, effect: OutboxEffect) -> str:
    try:
        await services.indexes.apply(key, effect)
    except Unavailable as unavailable:
        return unavailable.reason
    return ""


def _tag(key: str, send: SendMessage) -> str:
    """Write what a delivery report brings back, so that it finds its patient with no look-up: opaque ids."""
    return f"{key} {send.message_id} lang={send.language}"


async def _send(services: Services, key: str, send: SendMessage, hindrance: str) -> SendSettled:
    if hindrance:
        return _settled(send, Deferred(hindrance))
    channel = services.channels.get(send.channel)
    if channel is None:
        return _settled(send, Deferred(f"no provider is set up for {send.channel}"))
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

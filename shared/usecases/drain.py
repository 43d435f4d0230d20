"""Carry out what a commit left to do: index rows, claimed messages to their channels, then what is outside.

Effects of the outbox stay there until they are known to be done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from shared.effects import (
    AnswerAppointment,
    IndexContact,
    IndexEffect,
    IndexLink,
    IndexMessage,
    MirrorOptOut,
    OutboxEffect,
    OutsideEffect,
    PostWebhook,
    SendMessage,
    WriteResource,
)
from shared.errors import Unavailable
from shared.events import EffectRefused, EffectsDone, Event, PostDelayed, SendSettled
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult, Unknown
from shared.patient.record import PatientRecord
from shared.telemetry import count, measure, span
from shared.usecases.outside import Waiting, carry_out
from shared.usecases.services import Services

_BEFORE = (IndexContact, IndexMessage, IndexLink)
"""Rows that must be there before a message is: a reply, a report, a click may be fast."""


class Drained(Struct, frozen=True):
    """What came of it, as the next events; and why the rest of the outbox has to wait."""

    events: tuple[Event, ...] = ()
    failed: str = ""
    """Why an index row could not be written, or ""."""
    waiting: Mapping[str, str] = {}
    """What is outside and could not be done now, by effect id, and why: it may be so for days."""


async def drain(
    services: Services, record: PatientRecord, sends: Sequence[SendMessage], ours: Collection[str]
) -> Drained:
    """Carry out the outbox, then send. What fails stays in the outbox; what was sent is told in any case.

    A message goes out only once a reply or a report finds its patient by the index: a STOP may be fast.
    What is outside comes in the round after: how a message fared is written down before anything slow. Only
    a number that the provider must write to again comes off its list before: it would refuse the message.
    `ours` are the ids of effects outside that are ours to do: what somebody else has in hand is left to them.
    """
    rows: list[IndexEffect] = []
    outside: list[OutsideEffect] = []
    for effect in record.outbox.values():
        if not isinstance(effect, WriteResource | PostWebhook | AnswerAppointment | MirrorOptOut):
            rows.append(effect)
        elif effect.effect_id in ours and (not sends or _opens(effect)):
            outside.append(effect)
    opened = await _outside(services, record, outside if sends else [])
    first = [effect for effect in rows if sends and isinstance(effect, _BEFORE)]
    rest = [effect for effect in rows if effect not in first]
    failures = await _apply_all(services, record.key, first)
    hindrance = next(filter(None, failures), "")
    settled, others, told = await asyncio.gather(
        asyncio.gather(*(_send(services, record.key, send, hindrance) for send in sends)),
        _apply_all(services, record.key, rest),
        _outside(services, record, [] if sends else outside),
    )
    told = [*opened, *told]
    failures += others
    done = [effect for effect, failure in zip((*first, *rest), failures, strict=True) if not failure]
    return _drained(settled, done, next(filter(None, failures), ""), told)


def _opens(effect: OutsideEffect) -> bool:
    return isinstance(effect, MirrorOptOut) and effect.action == "remove"


type _Told = list[tuple[OutsideEffect, EffectRefused | Waiting | None]]


def _drained(settled: Sequence[Event], rows: Sequence[OutboxEffect], failed: str, told: _Told) -> Drained:
    done = (*rows, *(effect for effect, outcome in told if outcome is None))
    refused = (outcome for _, outcome in told if isinstance(outcome, EffectRefused))
    waiting = {effect.effect_id: outcome.reason for effect, outcome in told if isinstance(outcome, Waiting)}
    events = (*settled, *([EffectsDone(done)] if done else []), *refused, *_delays(told))
    return Drained(events, failed, waiting)


def _delays(told: _Told) -> Iterator[PostDelayed]:
    """Say of which webhooks the record does not know yet that they are away, or are held back instead."""
    for effect, outcome in told:
        if isinstance(effect, PostWebhook) and isinstance(outcome, Waiting):
            held = not outcome.reason
            if held == (effect.away is not None):
                yield PostDelayed(effect, held)


async def _outside(services: Services, record: PatientRecord, effects: Sequence[OutsideEffect]) -> _Told:
    """Do what is outside at once; for each what came of it."""
    if not effects:
        return []
    sending = (await services.definitions.current(record.catalogue)).controls.sending
    outcomes = await asyncio.gather(*(carry_out(services, effect, sending=sending) for effect in effects))
    for effect, outcome in zip(effects, outcomes, strict=True):
        came = "done" if outcome is None else "waiting" if isinstance(outcome, Waiting) else "refused"
        count("hearthline.outside", kind=type(effect).__name__, outcome=came)
    return list(zip(effects, outcomes, strict=True))


async def _apply_all(services: Services, key: str, effects: Sequence[IndexEffect]) -> list[str]:
    """Carry out index effects at once; for each why it failed, or ""."""
    return await asyncio.gather(*(_apply(services, key, effect) for effect in effects))


async def _apply(services: Services, key: str, effect: IndexEffect) -> str:
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
        language=send.language,
        purpose=send.purpose,
        attachments=send.attachments,
        headers=send.headers,
        approved=send.approved,
        parameters=send.parameters,
    )
    began = time.monotonic()
    with span("send", kind="client", channel=send.channel) as sending:
        result = await channel.send(message)
        outcome = type(result).__name__.lower()
        sending.note(outcome=outcome)
    took = time.monotonic() - began
    measure("hearthline.provider.duration", took, channel=send.channel, outcome=outcome)
    if isinstance(result, Accepted) and send.channel == "whatsapp":
        await _apply(services, key, IndexMessage(result.provider_id))  # its reports know no other name
    return _settled(send, result)


def _settled(send: SendMessage, result: SendResult) -> SendSettled:
    match result:
        case Accepted(provider_id=provider_id):
            return SendSettled(send.message_id, "accepted", provider_id)
        case Refused(code=code, reason=reason):
            return SendSettled(send.message_id, "refused", reason=reason, code=code)
        case Deferred(reason=reason, retry_after=seconds, held=held):
            return SendSettled(send.message_id, "deferred", reason=reason, retry_after=seconds, held=held)
        case Unknown(reason=reason):
            return SendSettled(send.message_id, "unknown", reason=reason)

"""Encoded AMQP messages → what the listener works with. Imports proton, which costs a start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from proton import Message

from sandbox.functions_host.bus_ports import BusMessage


def read_message(handle: object, encoded: bytes, token: str) -> tuple[BusMessage, float]:
    """Read an encoded AMQP message: what the listener works with, and until when it is locked (since 1970).

    `handle` and `token` are by what the receiver, and the broker, know the delivery.

    Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide.
    """
    amqp = Message()
    amqp.decode(encoded)
    marks: dict[str, Any] = {str(name): value for name, value in (amqp.annotations or {}).items()}
    locked, enqueued = marks.get("x-opt-locked-until", 0), marks.get("x-opt-enqueued-time")
    properties: dict[str, str | int | None] = {
        "MessageId": _word(amqp.id),
        "SequenceNumber": marks.get("x-opt-sequence-number"),
        "DeliveryCount": amqp.delivery_count + 1,  # AMQP counts from 0, Azure's host from 1
        "EnqueuedTimeUtc": None if enqueued is None else _iso(enqueued),
        "ExpiresAtUtc": _iso(enqueued + amqp.ttl * 1000) if enqueued and amqp.ttl else None,
        "LockedUntil": _iso(locked) if locked else None,
        "LockToken": token,
        "ContentType": _word(amqp.content_type),
        "CorrelationId": _word(amqp.correlation_id),
        "Subject": _word(amqp.subject),
        "Label": _word(amqp.subject),
        "To": _word(amqp.address),
        "ReplyTo": _word(amqp.reply_to),
        "ReplyToSessionId": _word(amqp.reply_to_group_id),
        "SessionId": _word(amqp.group_id),
        "PartitionKey": _word(marks.get("x-opt-partition-key")),
        "DeadLetterSource": _word(marks.get("x-opt-deadletter-source")),
    }
    own: Mapping[object, object] = amqp.properties or {}
    application = {str(_said(name)): _said(value) for name, value in own.items()}
    return BusMessage(handle, _body(amqp.body), properties, application), int(locked) / 1000


def _body(body: object) -> bytes:
    return bytes(body) if isinstance(body, bytes | bytearray | memoryview) else str(body).encode()


def _word(value: object) -> str | None:
    return None if value is None else str(_said(value))


def _said(value: object) -> object:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else value


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()

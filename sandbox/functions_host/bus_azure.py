"""The real Service Bus client behind BusSource; works with a namespace and with an emulator alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError, ServiceBusError

from sandbox.functions_host.bus_ports import BusMessage, BusReceiver, BusUnavailable, NoSession

_SESSION_WAIT_SECONDS = 5.0


class AzureBusSource:
    """Opens receivers on one queue; locks are renewed for up to `renewal` seconds."""

    def __init__(self, connection: str, queue: str, sessions: bool, renewal: float, retries: int = 3) -> None:
        self._client = ServiceBusClient.from_connection_string(connection, retry_total=retries)
        self._queue = queue
        self._sessions = sessions
        self._renewer = AutoLockRenewer(max_lock_renewal_duration=renewal)

    async def open(self) -> BusReceiver:
        """Open a receiver; with sessions, wait some seconds for one that has messages."""
        receiver = self._client.get_queue_receiver(
            self._queue,
            session_id=NEXT_AVAILABLE_SESSION if self._sessions else None,
            max_wait_time=_SESSION_WAIT_SECONDS if self._sessions else None,
            auto_lock_renewer=self._renewer,
        )
        try:
            await receiver.__aenter__()
        except OperationTimeoutError as problem:
            await receiver.close()
            raise NoSession from problem
        except ServiceBusError as problem:
            await receiver.close()
            raise BusUnavailable(type(problem).__name__) from problem
        return AzureBusReceiver(receiver)

    async def close(self) -> None:
        """Close the client."""
        await self._renewer.close()
        await self._client.close()


class AzureBusReceiver:
    """One open link."""

    def __init__(self, receiver: ServiceBusReceiver) -> None:
        self._receiver = receiver

    async def receive(self, count: int, seconds: float) -> Sequence[BusMessage]:
        """Lock up to `count` messages."""
        try:
            got = await self._receiver.receive_messages(max_message_count=count, max_wait_time=seconds)
        except ServiceBusError as problem:
            raise BusUnavailable(type(problem).__name__) from problem
        return [to_message(message) for message in got]

    async def complete(self, message: BusMessage) -> None:
        """Complete a message."""
        try:
            await self._receiver.complete_message(cast(ServiceBusReceivedMessage, message.handle))
        except ServiceBusError as problem:
            raise BusUnavailable(type(problem).__name__) from problem

    async def abandon(self, message: BusMessage) -> None:
        """Abandon a message."""
        try:
            await self._receiver.abandon_message(cast(ServiceBusReceivedMessage, message.handle))
        except ServiceBusError as problem:
            raise BusUnavailable(type(problem).__name__) from problem

    async def close(self) -> None:
        """Close the link."""
        await self._receiver.close()


def to_message(message: ServiceBusReceivedMessage) -> BusMessage:
    """Turn the client's message into what the listener works with."""
    properties: dict[str, str | int | None] = {
        "MessageId": message.message_id,
        "SequenceNumber": message.sequence_number,
        "DeliveryCount": (message.delivery_count or 0) + 1,  # AMQP counts from 0, Azure's host from 1
        "EnqueuedTimeUtc": _iso(message.enqueued_time_utc),
        "ExpiresAtUtc": _iso(message.expires_at_utc),
        "LockedUntil": _iso(message.locked_until_utc),
        "LockToken": None if message.lock_token is None else str(message.lock_token),
        "ContentType": message.content_type,
        "CorrelationId": message.correlation_id,
        "Subject": message.subject,
        "Label": message.subject,
        "To": message.to,
        "ReplyTo": message.reply_to,
        "ReplyToSessionId": message.reply_to_session_id,
        "SessionId": message.session_id,
        "PartitionKey": message.partition_key,
        "DeadLetterSource": message.dead_letter_source,
    }
    return BusMessage(message, _body(message), properties, _application(message.application_properties))


def _body(message: ServiceBusReceivedMessage) -> bytes:
    body = message.body
    if isinstance(body, bytes | str):
        return body if isinstance(body, bytes) else body.encode()
    return b"".join(body) if message.body_type.value == "data" else str(message).encode()


def _application(properties: Mapping[str | bytes, object] | None) -> dict[str, object]:
    return {
        _text(name): _text(value) if isinstance(value, bytes) else value
        for name, value in (properties or {}).items()
    }


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()

"""The real Service Bus client behind BusSource; works with a namespace and with an emulator alike."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusReceiver, ServiceBusSession
from azure.servicebus.exceptions import OperationTimeoutError, ServiceBusError

from sandbox.functions_host.bus_ports import BusMessage, BusReceiver, BusUnavailable, NoSession

_SESSION_WAIT_SECONDS = 2.0  # a stop waits as long: to break the client off leaves its socket open
_LOST = (ServiceBusError, ValueError)  # ValueError: the connection broke, and the receiver has shut itself


class AzureBusSource:
    """Opens receivers on one queue; locks are renewed for up to `renewal` seconds."""

    def __init__(self, connection: str, queue: str, sessions: bool, renewal: float, retries: int = 3) -> None:
        self._client = ServiceBusClient.from_connection_string(connection, retry_total=retries)
        self._queue = queue
        self._sessions = sessions
        self._renewal = renewal
        # each time that no session has messages, the client warns of a link's callback that failed
        logging.getLogger("azure.servicebus._pyamqp").setLevel(logging.ERROR)

    async def open(self) -> BusReceiver:
        """Open a receiver; with sessions, wait some seconds for one that has messages."""
        renewer = AutoLockRenewer(max_lock_renewal_duration=self._renewal)
        receiver = self._session_receiver() if self._sessions else self._plain_receiver(renewer)
        try:
            await receiver.__aenter__()
            if self._sessions:
                renewer.register(receiver, _held_session(receiver))
        except BaseException as problem:
            await receiver.close()
            if isinstance(problem, OperationTimeoutError):
                raise NoSession from problem
            if isinstance(problem, ServiceBusError):
                raise BusUnavailable(type(problem).__name__) from problem
            raise
        return AzureBusReceiver(receiver, renewer)

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()

    def _plain_receiver(self, renewer: AutoLockRenewer) -> ServiceBusReceiver:
        return self._client.get_queue_receiver(self._queue, auto_lock_renewer=renewer)

    def _session_receiver(self) -> ServiceBusReceiver:
        """Make a receiver with no lock renewal: the client would register it even where no session came."""
        return self._client.get_queue_receiver(
            self._queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=_SESSION_WAIT_SECONDS
        )


class AzureBusReceiver:
    """One open link, whose locks `renewer` renews."""

    def __init__(self, receiver: ServiceBusReceiver, renewer: AutoLockRenewer) -> None:
        self._receiver = receiver
        self._renewer = renewer

    async def receive(self, count: int, seconds: float) -> Sequence[BusMessage]:
        """Lock up to `count` messages."""
        try:
            got = await self._receiver.receive_messages(max_message_count=count, max_wait_time=seconds)
        except _LOST as problem:
            raise BusUnavailable(type(problem).__name__) from problem
        return [to_message(message) for message in got]

    async def complete(self, message: BusMessage) -> None:
        """Complete a message."""
        try:
            await self._receiver.complete_message(cast(ServiceBusReceivedMessage, message.handle))
        except _LOST as problem:
            raise BusUnavailable(type(problem).__name__) from problem

    async def abandon(self, message: BusMessage) -> None:
        """Abandon a message."""
        try:
            await self._receiver.abandon_message(cast(ServiceBusReceivedMessage, message.handle))
        except _LOST as problem:
            raise BusUnavailable(type(problem).__name__) from problem

    async def close(self) -> None:
        """Close the link, the renewals first: one under way would open the link again behind our back."""
        await self._renewer.close()
        await self._receiver.close()


def _held_session(receiver: ServiceBusReceiver) -> ServiceBusSession:
    """Return the receiver's session. A link that is about to be refused looks open, but has no session id."""
    if not isinstance(receiver.session.session_id, str):
        raise NoSession
    return receiver.session


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

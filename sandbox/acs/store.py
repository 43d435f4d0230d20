"""What the stand-in remembers: accepted messages, repeatability ids and counts, all in bounded memory."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Literal

import msgspec

from shared.fhir.instants import Instant, to_datetime

Channel = Literal["sms", "email", "whatsapp"]
State = Literal["accepted", "delivered", "failed", "read", "received"]


class File(msgspec.Struct, frozen=True):
    """An attachment of an email."""

    name: str
    type: str
    content: bytes


class Draft(msgspec.Struct, kw_only=True):
    """One recipient's message as a request asks for it; `request_id` is empty when not repeatable."""

    channel: Channel
    sender: str
    to: str
    text: str
    request_id: str = ""
    first_sent: str = ""
    subject: str = ""
    html: str = ""
    tag: str = ""
    reports: bool = True
    tracked: bool = False
    headers: dict[str, str] = {}
    attachments: tuple[File, ...] = ()
    template: str = ""


class Message(msgspec.Struct, kw_only=True):
    """One message that was accepted (direction "out"), or that a patient sent ("in")."""

    seq: int
    id: str
    direction: Literal["out", "in"]
    channel: Channel
    sender: str = msgspec.field(name="from")
    to: str
    text: str
    at: Instant
    subject: str = ""
    html: str = ""
    tag: str = ""
    language: str = ""
    request_id: str = ""
    state: State = "accepted"
    reason: str = ""
    repeats: int = 0
    tracked: bool = False
    headers: dict[str, str] = {}
    attachments: tuple[File, ...] = ()
    template: str = ""
    """Name of the approved template that was sent."""


class Request(msgspec.Struct):
    """How often a repeatability id was seen; `message_id` once it was accepted."""

    calls: int = 0
    accepts: int = 0
    message_id: str = ""
    fingerprint: int = 0
    busy: bool = False


class Counts(msgspec.Struct):
    """Counts of one channel since the start or the last clearing."""

    calls: int = 0
    accepted: int = 0
    repeated: int = 0
    rejected: int = 0


Listener = Callable[[Message], None]


class Store:
    """Everything that happened, oldest first; the oldest goes when `limit` messages are held."""

    def __init__(self, limit: int = 50_000) -> None:
        self._limit = limit
        self.listeners: set[Listener] = set()
        self._seq = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything but the running number, so that `since` stays true."""
        self.messages: dict[str, Message] = {}
        self.requests: dict[str, Request] = {}
        self.counts: dict[Channel, Counts] = {"sms": Counts(), "email": Counts(), "whatsapp": Counts()}
        self._seen: dict[int, None] = {}
        self.identical = 0
        self.evicted = 0

    @property
    def last(self) -> int:
        """The running number of the newest message."""
        return self._seq

    def called(self, draft: Draft) -> Request:
        """Count a call; gives the record of its id, or a throw-away one when it has none."""
        self.counts[draft.channel].calls += 1
        if not draft.request_id:
            return Request(calls=1)
        request = self.requests.get(draft.request_id)
        if request is None:
            request = self.requests[draft.request_id] = Request()
            _trim(self.requests, 4 * self._limit)
        request.calls += 1
        return request

    def repeat(self, request: Request, draft: Draft) -> str:
        """Give the id of the message that this id already led to, counted as a repeat; "" for none."""
        if request.message_id:
            self.counts[draft.channel].repeated += 1
        if message := self.messages.get(request.message_id):
            message.repeats += 1
        return request.message_id

    def accept(self, request: Request, draft: Draft, now: Instant, language: str) -> Message:
        """Keep a new message; from here on its id leads to it."""
        request.accepts += 1
        request.fingerprint = fingerprint(draft)
        message = self._keep(draft, "out", _message_id(draft, now), now, language)
        request.message_id = message.id
        self.counts[draft.channel].accepted += 1
        self.identical += request.fingerprint in self._seen
        self._seen[request.fingerprint] = None
        _trim(self._seen, self._limit)
        return message

    def receive(self, draft: Draft, now: Instant) -> Message:
        """Keep what a patient wrote."""
        message = self._keep(draft, "in", f"Incoming_{to_datetime(now):%Y%m%d%H%M%S}{uuid.uuid4()}", now, "")
        self.change(message, "received")
        return message

    def change(self, message: Message, state: State, reason: str = "") -> None:
        """Set a delivery state and tell the page."""
        message.state, message.reason = state, reason
        for listener in tuple(self.listeners):
            listener(message)

    def _keep(
        self, draft: Draft, direction: Literal["out", "in"], key: str, now: Instant, language: str
    ) -> Message:
        self._seq += 1
        message = Message(
            seq=self._seq, id=key, direction=direction, channel=draft.channel, sender=draft.sender,
            to=draft.to, text=draft.text, at=now, subject=draft.subject, html=draft.html, tag=draft.tag,
            language=language, request_id=draft.request_id, tracked=draft.tracked,
            headers=draft.headers, attachments=draft.attachments, template=draft.template,
        )  # fmt: skip
        self.messages[key] = message
        self.evicted += _trim(self.messages, self._limit)
        for listener in tuple(self.listeners):
            listener(message)
        return message


def fingerprint(draft: Draft) -> int:
    """Tell whether two drafts say the same to the same person."""
    said = (draft.channel, draft.sender, draft.to, draft.subject, draft.text, draft.html, draft.template)
    return hash((said, tuple(draft.headers.items()), draft.attachments))


def _message_id(draft: Draft, now: Instant) -> str:
    """Name a message as each API does: SMS with a time stamp, email by its operation, others by a GUID."""
    if draft.channel == "sms":
        return f"Outgoing_{to_datetime(now):%Y%m%d%H%M%S}{uuid.uuid4()}"
    if draft.channel == "email" and draft.request_id:
        return draft.request_id
    return str(uuid.uuid4())


def _trim[K, V](held: dict[K, V], limit: int) -> int:
    if len(held) <= limit:
        return 0
    del held[next(iter(held))]
    return 1

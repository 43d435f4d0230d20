"""Links that carry requests and their answers: `$cbs` takes tokens, `queue/$management` takes operations.

Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response and, for
claims-based security, https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import NamedTuple, cast

from proton import Delivery, Message, Receiver, Sender, int32, symbol

from sandbox.service_bus.errors import Refused
from sandbox.service_bus.incoming import received
from sandbox.service_bus.links import CREDIT, grant, settle
from sandbox.service_bus.wire import Wire


class Answer(NamedTuple):
    """What an operation gives back."""

    status: int
    body: Mapping[str, object] = {}


type Operate = Callable[[str, dict[str, object]], Answer]
"""(operation, the request's body) → answer. Raises Refused."""


class Answers:
    """The link that answers go out on."""

    def __init__(self, wire: Wire, link: Sender) -> None:
        self._wire = wire
        self._link = link
        self._tags = count()

    def start(self) -> None:
        """Open the link."""
        grant(self._link)

    def send(self, message: Message) -> None:
        """Send an answer; nobody needs to know whether it came."""
        delivery = self._link.delivery(str(next(self._tags)))
        self._link.stream(bytes(message.encode()))
        self._link.advance()
        delivery.settle()
        self._wire.soon()

    def on_flow(self) -> None:
        """Nothing: the engine keeps an answer until there is credit."""

    def on_delivery(self, delivery: Delivery) -> None:
        """Nothing: answers are settled when they go out."""

    def on_close(self) -> None:
        """Nothing is kept."""


class Requests:
    """The link that requests come in on."""

    def __init__(self, wire: Wire, link: Receiver, operate: Operate) -> None:
        self._wire = wire
        self._link = link
        self._operate = operate

    def start(self) -> None:
        """Open the link and let the client ask."""
        grant(self._link)
        self._link.flow(CREDIT)

    def on_flow(self) -> None:
        """Nothing: a sender's flow says nothing new."""

    def on_delivery(self, delivery: Delivery) -> None:
        """Answer a request on the link that goes the other way."""
        encoded = received(self._link, delivery)
        if encoded is None:
            return
        settle(delivery, Delivery.ACCEPTED)
        request = Message()
        request.decode(encoded)
        answers = self._wire.sibling(self._link, self._link.target.address or "")
        if isinstance(answers, Answers):
            answers.send(self._answer(request))

    def on_close(self) -> None:
        """Nothing is kept."""

    def _answer(self, request: Message) -> Message:
        body = request.body if isinstance(request.body, dict) else {}
        properties = cast(dict[object, object], request.properties or {})
        try:
            answer = self._operate(str(properties.get("operation")), body)
        except Refused as refusal:
            return _message(request, refusal.status, refusal.text, {}, refusal.condition)
        return _message(request, answer.status, "OK", answer.body)


def put_token(operation: str, _body: dict[str, object]) -> Answer:
    """Answer `$cbs`: whoever is on this machine is welcome."""
    return Answer(202 if operation == "put-token" else 400)


def _message(
    request: Message, status: int, text: str, body: Mapping[str, object], condition: str = ""
) -> Message:
    """Write an answer in both spellings: `$cbs` reads status-code, `$management` statusCode."""
    properties: dict[str, object] = {
        "statusCode": int32(status),
        "status-code": int32(status),
        "statusDescription": text,
        "status-description": text,
    }
    if condition:
        properties["errorCondition"] = symbol(condition)
    return Message(correlation_id=request.id, properties=properties, body=dict(body))

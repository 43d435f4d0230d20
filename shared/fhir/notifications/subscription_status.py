"""The status that opens a subscription notification, in its three writings, read into one `Status`.

R5 and R4B have the resource SubscriptionStatus; R4 has none, so that the Backport IG writes it as Parameters
(requirement 71: "process a valid R4 Backported R5 SubscriptionStatus resource without errors"). IG 0.1 wrote
numbers as strings and counted eventsInNotification in place of listing them; all of this is let pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.fhir.notification import Kind, Resource
from shared.fhir.notifications.reading import code, count, instant, items, mapping, text, wrong_type
from shared.fhir.references import ResourceKey, parse_reference

_KINDS: dict[str, Kind] = {
    "handshake": "handshake",
    "heartbeat": "heartbeat",
    "event-notification": "events",
    "query-event": "events",
    "query-status": "status",
}
_FAILED = ("error", "off")


class Event(msgspec.Struct, frozen=True):
    """One notificationEvent; `number` and `focus` are None where the sender left them out."""

    number: int | None = None
    timestamp: Instant | None = None
    focus: ResourceKey | None = None
    version: str | None = None
    context: tuple[ResourceKey, ...] = ()


class Status(msgspec.Struct, frozen=True):
    """A SubscriptionStatus, whichever way it was written."""

    kind: Kind
    subscription: str | None
    topic: str | None
    status: str | None
    errors: tuple[str, ...]
    events_since_start: int | None
    events_in_notification: int | None
    events: tuple[Event, ...]


def is_status(resource: object) -> bool:
    """Tell a status by its type; a Parameters by the notification type that it must hold."""
    if not isinstance(resource, dict):
        return False
    if resource.get("resourceType") == "SubscriptionStatus":
        return True
    if resource.get("resourceType") != "Parameters" or not isinstance(resource.get("parameter"), list):
        return False
    return any(isinstance(one, dict) and one.get("name") == "type" for one in resource["parameter"])


def read_status(resource: Resource) -> Status:
    """Read a SubscriptionStatus or the Parameters that stand for one. Raises Rejected."""
    if resource.get("resourceType") == "Parameters":
        resource = _from_parameters(items(resource.get("parameter"), "Parameters.parameter"))
    kind = _KINDS.get(code(resource.get("type"), "the notification's type") or "")
    if kind is None:
        raise Rejected("a notification of no known type", "notification-type")
    status = code(resource.get("status"), "the subscription's status")
    events = items(resource.get("notificationEvent"), "notificationEvent")
    topic = resource.get("topic")
    return Status(
        kind=kind if kind == "events" or status not in _FAILED else "error",
        subscription=_subscription(resource.get("subscription")),
        topic=None if topic is None else text(topic, "topic"),
        status=status,
        errors=tuple(_error_codes(items(resource.get("error"), "error"))),
        events_since_start=count(resource.get("eventsSinceSubscriptionStart"), "events since start"),
        events_in_notification=count(resource.get("eventsInNotification"), "events in notification"),
        events=tuple(_event(mapping(event, "notificationEvent")) for event in events),
    )


def _event(event: Resource) -> Event:
    focus, version = _reference(event.get("focus"))
    contexts = items(event.get("additionalContext"), "additionalContext")
    return Event(
        number=count(event.get("eventNumber"), "the event's number"),
        timestamp=instant(event.get("timestamp"), "the event's timestamp"),
        focus=focus,
        version=version,
        context=tuple(key for key, _ in map(_reference, contexts) if key is not None),
    )


def _reference(value: object) -> tuple[ResourceKey | None, str | None]:
    if value is None:
        return None, None
    literal = mapping(value, "the reference").get("reference")
    if literal is None:  # a logical reference, by identifier or display: nothing that could be read
        return None, None
    return parse_reference(text(literal, "the reference"))


def _subscription(value: object) -> str | None:
    """Keep the reference as it was written: two servers may well both have a Subscription/1."""
    key, _ = _reference(value)
    if key is None:
        return None
    if key.resource_type != "Subscription":
        raise Rejected("the status is not that of a Subscription", "bad-subscription")
    return text(mapping(value, "subscription")["reference"], "subscription")


def _error_codes(errors: Iterable[object]) -> Iterator[str]:
    for concept in errors:
        for coding in items(mapping(concept, "error").get("coding"), "error.coding"):
            known = code(mapping(coding, "error.coding").get("code"), "error.coding.code")
            if known is not None:
                yield known


_MEMBERS = {
    "subscription": "subscription",
    "topic": "topic",
    "status": "status",
    "type": "type",
    "events-since-subscription-start": "eventsSinceSubscriptionStart",
    "events-in-notification": "eventsInNotification",
    "event-number": "eventNumber",
    "timestamp": "timestamp",
    "focus": "focus",
}
_LISTS = {
    "notification-event": "notificationEvent",
    "error": "error",
    "additional-context": "additionalContext",
}


def _from_parameters(parameters: Iterable[object]) -> Resource:
    """Write Parameters as the SubscriptionStatus that they stand for.

    Values count whatever type they are said to have: valueString, valueUnsignedInt, valueInteger64, …
    """
    resource: Resource = {}
    for parameter in parameters:
        parts = mapping(parameter, "Parameters.parameter")
        name = parts.get("name")
        if not isinstance(name, str):
            raise wrong_type("Parameters.parameter.name")
        if name in _MEMBERS:
            if resource.setdefault(_MEMBERS[name], value := _value(parts)) is not value:
                raise Rejected("a parameter stands twice in a subscription status", "wrong-type")
        elif name in _LISTS:
            resource.setdefault(_LISTS[name], []).append(_value(parts))
    return resource


def _value(parameter: Resource) -> Any:
    if "part" in parameter:
        return _from_parameters(items(parameter["part"], "Parameters.parameter.part"))
    return next((value for name, value in parameter.items() if name.startswith("value")), None)

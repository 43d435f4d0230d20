"""The one parser of notifications: tells the wire formats apart by content and hands over to their files.

From here on the flow knows no formats: functions/notifications.py parses, then queues each ResourceChange.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence

from shared.errors import Rejected
from shared.fhir.notification import Heard, Limits, Notification, Parsed, Request, Resource
from shared.fhir.notifications import (
    cloud_events,
    event_grid,
    medplum,
    rest_hook,
    subscription_bundle,
)
from shared.fhir.notifications.cloud_events_handshake import answer_options
from shared.fhir.notifications.paths import read_tail
from shared.fhir.notifications.reading import mapping
from shared.fhir.strict_json import decode

_DEFAULT = Limits()
_DELIVERY_NAME = "aeg-subscription-name"


def parse(request: Request, limits: Limits = _DEFAULT) -> Parsed:
    """Say what a request means: what was Heard, or the Reply that a handshake asks for.

    Nothing but Rejected is raised, whatever the bytes; no reason quotes them. To be called once the source
    has proved itself (proof.py), as a body may be large.
    """
    if len(request.body) > limits.body:
        raise Rejected("the body is too large", "too-large")
    read_tail(request.path_tail)
    if request.method == "OPTIONS":
        return answer_options(request)
    if request.method == "DELETE":
        return rest_hook.parse_delete(request)
    if request.method not in ("POST", "PUT"):
        raise Rejected("notifications come by POST, PUT, DELETE or OPTIONS", "method-not-allowed")
    return _parse_body(request, limits)


def parse_message(body: bytes, limits: Limits = _DEFAULT) -> Parsed:
    """Say what a queue message means: an Event Grid event or CloudEvent, plain or in base64.

    https://learn.microsoft.com/azure/event-grid/handler-storage-queues. Raises Rejected.
    """
    if len(body) > limits.body:
        raise Rejected("the message is too large", "too-large")
    plain = body.lstrip()
    if not plain.startswith((b"{", b"[", b"\xef\xbb\xbf")):
        try:
            plain = b64decode(plain.rstrip(), validate=True)
        except ValueError as error:
            raise Rejected("the message is neither JSON nor base64", "bad-json") from error
    value = decode(plain, limits.depth)
    events = value if isinstance(value, list) else [value]
    if not events or not (event_grid.is_event(events[0]) or cloud_events.is_event(events[0])):
        raise Rejected("the message is not an event", "unknown-format")
    return parse_events(events, limits)


def parse_events(events: Sequence[object], limits: Limits = _DEFAULT, name: str | None = None) -> Parsed:
    """Read decoded Event Grid events or CloudEvents, not mixed; `name` is that of the event subscription.

    Raises Rejected.
    """
    if event_grid.is_event(events[0]):
        return event_grid.parse_events(events, limits, name)
    return cloud_events.parse_events(events, limits, name)


def _parse_body(request: Request, limits: Limits) -> Parsed:
    if cloud_events.is_binary(request.headers):
        return cloud_events.parse_binary(request, limits)
    body = request.body.strip()
    if not body or body.startswith(b"<"):
        if medplum.is_medplum(request.headers):
            return medplum.parse_medplum(request, {})
        return rest_hook.parse_unread(request)
    value = decode(body, limits.depth)
    if isinstance(value, list):
        return _parse_array(value, request, limits)
    return _parse_object(mapping(value, "the body"), request, limits)


def _parse_array(values: Sequence[object], request: Request, limits: Limits) -> Parsed:
    if not values:
        return Heard()
    if event_grid.is_event(values[0]) or cloud_events.is_event(values[0]):
        return parse_events(values, limits, request.headers.get(_DELIVERY_NAME))
    if len(values) > limits.events:
        raise Rejected("too many notifications in one delivery", "batch-too-large")
    told: list[Notification] = []
    for value in values:
        bundle = mapping(value, "the notification")
        if bundle.get("resourceType") != "Bundle":
            raise Rejected("an array of neither events nor bundles", "unknown-format")
        told += subscription_bundle.parse_bundle(bundle, limits).notifications
    return Heard(tuple(told))


def _parse_object(value: Resource, request: Request, limits: Limits) -> Parsed:
    if event_grid.is_event(value) or cloud_events.is_event(value):
        return parse_events([value], limits, request.headers.get(_DELIVERY_NAME))
    if value.get("resourceType") == "Bundle" and subscription_bundle.is_notification(value):
        return subscription_bundle.parse_bundle(value, limits)
    if value.get("resourceType") == "Bundle" and value.get("type") == "transaction":
        return rest_hook.parse_transaction(value, limits)
    if medplum.is_medplum(request.headers):
        return medplum.parse_medplum(request, value)
    if "resourceType" not in value:
        raise Rejected("not a notification of any known format", "unknown-format")
    return rest_hook.parse_resource(request, value)

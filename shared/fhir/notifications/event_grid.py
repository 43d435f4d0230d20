"""Azure Event Grid's own schema: an array of events, or one event where it comes from a queue.

https://learn.microsoft.com/azure/event-grid/event-schema
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from shared.errors import Rejected
from shared.fhir.notification import Heard, Ignored, Limits, Notification, Parsed, Reply, ResourceChange
from shared.fhir.notifications.batches import read_batch
from shared.fhir.notifications.health_data_services import read_event
from shared.fhir.notifications.reading import mapping, optional_text, wrong_type

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_LONGEST_CODE = 256


def is_event(value: object) -> bool:
    """Tell this schema by the member that only it has."""
    return isinstance(value, dict) and "eventType" in value and "resourceType" not in value


def parse_events(events: Sequence[object], limits: Limits, subscription: str | None = None) -> Parsed:
    """Read a delivery; `subscription` is the name in the header aeg-subscription-name. Raises Rejected."""
    first = mapping(events[0], "the event")
    if first.get("eventType") == _VALIDATION:
        return _handshake(events)
    changes, ignored = read_batch(events, _read, limits.events)
    if not changes:
        return Heard((), ignored)
    name = optional_text(subscription, "the event subscription's name")
    topic = optional_text(first.get("topic"), "topic")
    return Heard((Notification("events", "event-grid", name, topic, changes=changes),), ignored)


def _read(event: object) -> ResourceChange | Ignored:
    if not isinstance(event, dict):
        raise wrong_type("the event")
    get = event.get
    return read_event(get("eventType"), get("id"), get("subject"), get("eventTime"), get("data"))


def _handshake(events: Sequence[object]) -> Reply:
    """Answer the validation event with its code.

    https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
    """
    if len(events) != 1:
        raise Rejected("a validation event comes alone", "bad-handshake")
    data = mapping(mapping(events[0], "the event").get("data"), "data")
    code = data.get("validationCode")
    if not isinstance(code, str) or not code.isprintable() or not 0 < len(code) <= _LONGEST_CODE:
        raise Rejected("the validation event has no validation code", "bad-handshake")
    body = orjson.dumps({"validationResponse": code})
    return Reply(200, {"Content-Type": "application/json"}, body)

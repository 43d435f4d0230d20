"""CloudEvents 1.0: structured, batched and binary mode, as Event Grid delivers them.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from shared.errors import Rejected
from shared.fhir.notification import Heard, Ignored, Limits, Notification, Request, ResourceChange
from shared.fhir.notifications.batches import read_batch
from shared.fhir.notifications.health_data_services import read_event
from shared.fhir.notifications.reading import optional_text, wrong_type
from shared.fhir.strict_json import decode

_REQUIRED = ("ce-specversion", "ce-type", "ce-source", "ce-id")
_ESCAPED = re.compile(r"\\(.)")


def is_event(value: object) -> bool:
    """Tell a CloudEvent by its specversion, which a dead-lettered one may have lost, else by type and source.

    Microsoft's own examples write specVersion now and then.
    """
    if not isinstance(value, dict) or "resourceType" in value:
        return False
    return "specversion" in value or "specVersion" in value or ("type" in value and "source" in value)


def is_binary(headers: Mapping[str, str]) -> bool:
    """Tell binary mode: every required attribute is a header."""
    return all(name in headers for name in _REQUIRED)


def parse_events(events: Sequence[object], limits: Limits, subscription: str | None = None) -> Heard:
    """Read structured events, one or a batch. Raises Rejected."""
    return _heard(events, lambda event: _read(event, limits), limits, subscription)


def parse_binary(request: Request, limits: Limits) -> Heard:
    """Read an event whose attributes are headers and whose data is the body. Raises Rejected."""
    event: dict[str, object] = {
        name.removeprefix("ce-"): _header(value)
        for name, value in request.headers.items()
        if name.startswith("ce-")
    }
    event["data"] = decode(request.body, limits.depth) if request.body else None
    return parse_events([event], limits, request.headers.get("aeg-subscription-name"))


def _heard(
    events: Sequence[object],
    read: Callable[[object], ResourceChange | Ignored],
    limits: Limits,
    subscription: str | None,
) -> Heard:
    changes, ignored = read_batch(events, read, limits.events)
    if not changes:
        return Heard((), ignored)
    first = events[0]
    topic = optional_text(first.get("source"), "source") if isinstance(first, dict) else None
    name = optional_text(subscription, "the event subscription's name")
    return Heard((Notification("events", "cloud-events", name, topic, changes=changes),), ignored)


def _read(event: object, limits: Limits) -> ResourceChange | Ignored:
    if not isinstance(event, dict):
        raise wrong_type("the event")
    get = event.get
    if get("specversion", get("specVersion", "1.0")) != "1.0":
        raise Rejected("not CloudEvents 1.0", "cloudevents-version")
    return read_event(get("type"), get("id"), get("subject"), get("time"), _data(event, limits))


def _data(event: Mapping[str, object], limits: Limits) -> object:
    packed = event.get("data_base64")
    if packed is None:
        return event.get("data")
    if not isinstance(packed, str):
        raise wrong_type("data_base64")
    try:
        body = b64decode(packed, validate=True)
    except ValueError as error:
        raise Rejected("data_base64 is not base64", "wrong-type") from error
    return decode(body, limits.depth)


def _header(value: str) -> str:
    """Undo the quoting and the percent-encoding of an attribute in a header (3.1.3.2 of the binding)."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = _ESCAPED.sub(r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeError as error:
        raise Rejected("a CloudEvents header is not UTF-8", "wrong-type") from error

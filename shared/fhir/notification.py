"""What a notification says, whatever wire format it came in: the first vocabulary of the flow.

A `Request` is parsed (parse_notification.py) into what was `Heard`, or into a `Reply` to a handshake. Names
are those of SubscriptionStatus.notificationEvent (https://hl7.org/fhir/R5/subscriptionstatus.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from shared.fhir.instants import Instant
from shared.fhir.references import ResourceKey

type Resource = dict[str, Any]
"""A FHIR resource as decoded JSON."""

type Format = Literal["event-grid", "cloud-events", "rest-hook", "subscription", "medplum"]
type Kind = Literal["events", "handshake", "heartbeat", "status", "error"]
type Action = Literal["created", "updated", "deleted", "unknown"]


class Request(msgspec.Struct, frozen=True):
    """An HTTP request to /api/fhir/notifications…: header names in lower case, the body as it came.

    `path_tail` is what follows that prefix, not percent-decoded: "", "/hospital", "/hospital/Patient/1".
    """

    method: str
    path_tail: str = ""
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: bytes = b""


class ResourceChange(msgspec.Struct, frozen=True):
    """One version of one resource that came to be.

    `version` and `at` (lastUpdated, else when the event happened) are None where the sender did not say.
    `resource` is a pushed body: it agrees with `key`, but may lack its meta. `action` is a hint (R4 rest-hook
    sends PUT for created and updated alike, and a signature over a body does not cover a header that names
    what was deleted): unless a body came, the resource is read and the FHIR server's answer is what counts.
    """

    key: ResourceKey
    version: str | None = None
    action: Action = "unknown"
    at: Instant | None = None
    resource: Resource | None = None
    event_id: str | None = None


class Recover(msgspec.Struct, frozen=True):
    """Something changed that the notification did not name: where to look for it.

    With a subscription and numbers, ask `$events` from `first` to `last`, both inclusive (Subscriptions
    Backport requirement 85); else, and where that is refused, search `_lastUpdated` from `since`, else from
    the source's watermark. `types` is empty where the sender did not say: all that the source serves.
    """

    reason: Literal["nothing-named", "no-focus", "subscription-error", "gap", "backwards"]
    subscription: str | None = None
    first: int | None = None
    last: int | None = None
    since: Instant | None = None
    types: tuple[str, ...] = ()


class Notification(msgspec.Struct, frozen=True):
    """What one delivery says of one subscription, events in the order of the wire.

    `events_since_start` counts all events since the subscription began, this notification's included; a
    handshake or heartbeat carries it too. `at` is when the sender wrote the notification. `status` and
    `errors` are codes of the subscription itself: a subscriber has to see to it that it is made active
    again (Subscriptions Backport requirements 81 and 82).
    """

    kind: Kind
    format: Format
    subscription: str | None = None
    topic: str | None = None
    event_numbers: tuple[int, ...] = ()
    events_since_start: int | None = None
    changes: tuple[ResourceChange, ...] = ()
    recover: Recover | None = None
    at: Instant | None = None
    status: str | None = None
    errors: tuple[str, ...] = ()


class Ignored(msgspec.Struct, frozen=True):
    """One event of a delivery that is not acted upon, and why; `code` is stable, `reason` for people."""

    code: str
    reason: str
    event_id: str | None = None


class Heard(msgspec.Struct, frozen=True):
    """All that a delivery said. One bad event among good ones is ignored and told, not the others' fate."""

    notifications: tuple[Notification, ...] = ()
    ignored: tuple[Ignored, ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """The answer that a sender's handshake asks for; nothing else is to be done."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


type Parsed = Heard | Reply


class Limits(msgspec.Struct, frozen=True):
    """How much of one delivery is read: bytes, nesting of JSON, events (Event Grid sends at most 5,000)."""

    body: int = 10 * 1024 * 1024
    depth: int = 100
    events: int = 5_000

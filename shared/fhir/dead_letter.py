"""Event Grid's dead-letter blobs, read back into the events that could not be delivered, to replay them.

Topics of the classic tier write why beside the event's own members, in camelCase or for CloudEvents in lower
case (https://learn.microsoft.com/azure/event-grid/delivery-and-retry#dead-letter-events); namespace topics
write deadletterProperties, and some wrap the event
(https://learn.microsoft.com/azure/event-grid/dead-letter-event-subscriptions-namespace-topics).
"""

from __future__ import annotations

import msgspec

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.fhir.notification import Heard, Limits, Parsed, Resource
from shared.fhir.notifications import cloud_events, event_grid
from shared.fhir.notifications.reading import count, instant, mapping, optional_text, safe_id
from shared.fhir.parse_notification import parse_events
from shared.fhir.strict_json import decode

COMMUNICATION = "Microsoft.Communication."
"""How types of events of Communication Services begin."""

_DEFAULT = Limits()


class DeadLetter(msgspec.Struct, frozen=True):
    """Why one event was given up: as Event Grid says it, in its words; times in microseconds UTC."""

    event_id: str | None
    reason: str | None
    attempts: int | None
    last_outcome: str | None
    published: Instant | None


class Undelivered(msgspec.Struct, frozen=True):
    """A blob's events, parsed as if they had been delivered now, and for each why it was not, in order."""

    parsed: Parsed
    letters: tuple[DeadLetter, ...]
    reports: tuple[Resource, ...] = ()
    """Those of Communication Services, as they came: reports and replies, which are none of FHIR's."""


def read_dead_letters(blob: bytes, limits: Limits = _DEFAULT) -> Undelivered:
    """Read a dead-letter blob: a JSON array of events, or one event.

    Raises Rejected for what is no such blob, or holds no event that can be read.
    """
    if len(blob) > limits.body:
        raise Rejected("the blob is too large", "too-large")
    value = decode(blob, limits.depth)
    letters = value if isinstance(value, list) else [value]
    if not letters or len(letters) > limits.events:
        raise Rejected("a dead-letter blob of no, or of too many, events", "batch-too-large")
    wrapped = [mapping(letter, "the dead letter") for letter in letters]
    events = [mapping(letter.get("event", letter), "the event") for letter in wrapped]
    if not all(event_grid.is_event(event) or cloud_events.is_event(event) for event in events):
        raise Rejected("the blob holds something that is no event", "unknown-format")
    reports = tuple(event for event in events if kind_of(event).startswith(COMMUNICATION))
    others = [event for event in events if not kind_of(event).startswith(COMMUNICATION)]
    parsed = parse_events(others, limits) if others else Heard((), ())
    return Undelivered(parsed, tuple(map(_letter, wrapped, events)), reports)


def kind_of(event: Resource) -> str:
    """Return the type of an event, in either schema; "" where it says none."""
    return str(event.get("eventType") or event.get("type") or "")


def _letter(letter: Resource, event: Resource) -> DeadLetter:
    why = mapping(letter.get("deadletterProperties", letter.get("brokerProperties", letter)), "the reason")
    told = {name.lower(): value for name, value in why.items()}
    outcome = told.get("lastdeliveryoutcome", told.get("deliveryresult"))
    return DeadLetter(
        event_id=safe_id(event),
        reason=optional_text(told.get("deadletterreason"), "the reason"),
        attempts=count(told.get("deliveryattempts"), "the number of attempts"),
        last_outcome=optional_text(outcome, "the last outcome"),
        published=instant(told.get("publishtime", told.get("publishutc")), "the time of publishing"),
    )

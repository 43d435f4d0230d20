"""Topic-based subscription notifications: R5 bundles, and those of the R5 Backport for R4B and R4.

https://hl7.org/fhir/R5/subscriptions.html, https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/. Client
requirements met here: 71 (read the R4 status), 17 (some are lost, some come twice: numbers are kept), 81 (an
error is told), 85 (what to ask `$events` for).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.errors import Rejected
from shared.fhir.notification import Heard, Limits, Notification, Recover, Resource, ResourceChange
from shared.fhir.notifications.bundle_entries import Entries, event_change
from shared.fhir.notifications.reading import instant, items, mapping
from shared.fhir.notifications.subscription_status import Event, Status, is_status, read_status

_NOTIFICATION = ("history", "subscription-notification")


def is_notification(bundle: Resource) -> bool:
    """Tell a bundle that holds a subscription's status, or bundles that do."""
    return bundle.get("type") in (*_NOTIFICATION, "batch", "searchset")


def parse_bundle(bundle: Resource, limits: Limits) -> Heard:
    """Read one notification, a batch of notification bundles in order, or the answer to `$status`.

    Raises Rejected.
    """
    entries = [mapping(entry, "Bundle.entry") for entry in _entries(bundle, limits)]
    inner = [entry.get("resource") for entry in entries]
    if bundle.get("type") in _NOTIFICATION:
        if not inner or not is_status(inner[0]):
            raise Rejected("a notification bundle must open with its status", "no-subscription-status")
        return Heard((_notification(inner[0], bundle, entries[1:], limits),))
    if bundle.get("type") == "searchset" and inner and all(map(is_status, inner)):
        return Heard(tuple(_notification(status, bundle, (), limits) for status in inner))
    if bundle.get("type") == "batch" and inner:
        return Heard(tuple(_batched(inner, limits)))
    raise Rejected("a bundle that is no notification", "not-a-notification")


def _entries(bundle: Resource, limits: Limits) -> Sequence[object]:
    entries = items(bundle.get("entry"), "Bundle.entry")
    if len(entries) > 2 * limits.events + 1:  # a status, and for each event its focus and some context
        raise Rejected("too many entries in one bundle", "batch-too-large")
    return entries


def _batched(inner: Sequence[object], limits: Limits) -> Iterator[Notification]:
    for resource in inner:
        bundle = mapping(resource, "Bundle.entry.resource")
        if bundle.get("resourceType") != "Bundle" or bundle.get("type") not in _NOTIFICATION:
            raise Rejected("a bundle that is no notification", "not-a-notification")
        yield from parse_bundle(bundle, limits).notifications


def _notification(
    resource: object, bundle: Resource, entries: Sequence[Resource], limits: Limits
) -> Notification:
    status = read_status(mapping(resource, "the status"))
    if len(status.events) > limits.events:
        raise Rejected("too many events in one delivery", "batch-too-large")
    if status.kind != "events":
        return _told(status, bundle)
    pushed = Entries(entries)
    named = [event_change(event, pushed) for event in status.events if event.focus is not None]
    unnamed = [event for event in status.events if event.focus is None]
    if not unnamed and status.events:
        return _told(status, bundle, tuple(named))
    spare = pushed.spare_changes({key for event in status.events for key in event.context})
    recover = _recover(status, unnamed) if len(spare) < max(len(unnamed), 1) else None
    return _told(status, bundle, (*named, *spare), recover)


def _told(
    status: Status,
    bundle: Resource,
    changes: tuple[ResourceChange, ...] = (),
    recover: Recover | None = None,
) -> Notification:
    if status.kind == "error":
        recover = Recover("subscription-error", status.subscription)
    return Notification(
        kind=status.kind,
        format="subscription",
        subscription=status.subscription,
        topic=status.topic,
        event_numbers=_numbers(status),
        events_since_start=status.events_since_start,
        changes=changes,
        recover=recover,
        at=instant(bundle.get("timestamp"), "Bundle.timestamp"),
        status=status.status,
        errors=status.errors,
    )


def _numbers(status: Status) -> tuple[int, ...]:
    """List the numbers of the events told; where only counted (IG 0.1), they are the last so many."""
    if status.kind != "events":
        return ()
    if status.events:
        return tuple(event.number for event in status.events if event.number is not None)
    last, so_many = status.events_since_start, status.events_in_notification
    if not last:
        return ()
    told = min(1 if so_many is None else so_many, last, Limits().events)
    return tuple(range(last - told + 1, last + 1))


def _recover(status: Status, unnamed: Sequence[Event]) -> Recover:
    numbers = _numbers(status)
    if unnamed:
        numbers = tuple(event.number for event in unnamed if event.number is not None)
    times = [event.timestamp for event in unnamed if event.timestamp is not None]
    return Recover(
        reason="no-focus",
        subscription=status.subscription,
        first=min(numbers, default=None),
        last=max(numbers, default=None),
        since=min(times, default=None),
    )

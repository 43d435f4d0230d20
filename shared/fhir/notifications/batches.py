"""Batches of events: each is read for itself, so that one bad event does not take the others with it.

Event Grid delivers all of a batch or none and dead-letters it whole after a 4xx, the good events too
(https://learn.microsoft.com/azure/event-grid/delivery-and-retry#batched-event-delivery).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.errors import Rejected
from shared.fhir.notification import Ignored, ResourceChange
from shared.fhir.notifications.reading import safe_id


def read_batch(
    events: Sequence[object], read: Callable[[object], ResourceChange | Ignored], limit: int
) -> tuple[tuple[ResourceChange, ...], tuple[Ignored, ...]]:
    """Split events into changes and ignored ones, in order.

    Raises Rejected where there are more than `limit`, or where every one of them is bad.
    """
    if len(events) > limit:
        raise Rejected("too many events in one delivery", "batch-too-large")
    changes: list[ResourceChange] = []
    ignored: list[Ignored] = []
    bad: list[Rejected] = []
    for event in events:
        try:
            outcome = read(event)
        except Rejected as rejected:
            bad.append(rejected)
            outcome = Ignored(rejected.code, rejected.reason, safe_id(event))
        if isinstance(outcome, Ignored):
            ignored.append(outcome)
        else:
            changes.append(outcome)
    if bad and len(bad) == len(events):
        raise bad[0]
    return tuple(changes), tuple(ignored)

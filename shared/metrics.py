"""Every metric there is: name, kind, unit, attributes, and what it says; docs/observability.md is held to it.

Attributes are kinds out of small closed sets, never anything of a person: each combination of values is a
series of its own that somebody pays for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct


class Metric(Struct, frozen=True):
    """One instrument of OpenTelemetry; units as UCUM has them, "{message}" for what is counted."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    unit: str
    attributes: tuple[str, ...]
    says: str


def _counter(name: str, unit: str, attributes: str, says: str) -> Metric:
    return Metric(f"hearthline.{name}", "counter", f"{{{unit}}}", tuple(attributes.split()), says)


def _seconds(name: str, attributes: str, says: str) -> Metric:
    return Metric(f"hearthline.{name}", "histogram", "s", tuple(attributes.split()), says)


def _gauge(name: str, unit: str, attributes: str, says: str) -> Metric:
    return Metric(f"hearthline.{name}", "gauge", unit, tuple(attributes.split()), says)


METRICS: tuple[Metric, ...] = (
    _counter("notifications", "delivery", "source outcome", "deliveries of notifications that were taken"),
    _counter("changes.heard", "change", "type action", "changes that notifications told of, as queued"),
    _counter("jobs", "job", "queue outcome", "messages of queues that were handled"),
    _seconds("job.age", "queue", "from a message's being put on its queue until it is handled"),
    _seconds("job.duration", "queue outcome", "how long handling it took"),
    _counter("commits", "commit", "", "commits to patients' records"),
    _counter("conflicts", "conflict", "", "commits that lost against another writer, and were decided again"),
    _counter("memberships", "change", "change", "patients who entered or left a segment"),
    _counter("enrolments", "enrolment", "journey status", "enrolments that came to a status"),
    _counter("messages", "message", "channel status code", "messages that came to a status"),
    _counter("reports", "report", "channel status", "delivery reports that said something new"),
    _counter("replies", "reply", "channel meaning", "replies of patients that were taken in"),
    _counter("opt_outs", "opt-out", "channel source", "opt-outs by whatever way; channel * is all of them"),
    _counter("glass", "view", "operation", "looks at more of somebody than a role shows, each for a reason"),
    _counter("rejections", "rejection", "code", "what could never be used, from queues and over HTTP"),
    _counter("put_off", "job", "queue", "messages put at the end of their queue, as another system is away"),
    _counter("outside", "effect", "kind outcome", "what journeys asked of other systems"),
    _seconds("provider.duration", "channel outcome", "how long a provider took to answer for a message"),
    _counter("reconciled", "change", "type", "changes that nobody had told, found by searching"),
    _counter("reconciliations", "run", "outcome", "searches for what nobody had told: done, or failed"),
    _counter("analytics", "line", "outcome", "lines of the analytics log that could not be written at once"),
    _counter("failures", "failure", "function error", "bugs: invocations that ended in an unforeseen error"),
    _gauge("queue.waiting", "{message}", "queue", "messages that wait"),
    _gauge("queue.oldest", "s", "queue", "age of the oldest message that waits"),
    _gauge("queue.poison", "{message}", "queue", "messages given up, on the poison or dead-letter queue"),
    _gauge("reconciliation.age", "s", "", "since everything was last searched for what nobody had told"),
)

BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}

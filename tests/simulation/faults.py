"""What can go wrong, where, and how often: chosen by the seed, written down by the name of the point."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

CRASHES = ("crash", "kill")
"""The worker's coroutine is dropped; or its whole process, with all the others that ran in it."""

_STORED = (
    *("patients.load", "patients.commit", "patients.message", "patients.pending", "patients.range"),
    *("indexes.schedule", "indexes.due", "indexes.unschedule", "indexes.apply"),
    *("indexes.schedule_all", "indexes.list_members"),
    *("indexes.patients_of_reference", "indexes.patients_of_contact", "indexes.patient_of_message"),
    *("documents.get", "documents.put", "documents.all"),
    *("fhir.read", "fhir.history", "fhir.search", "fhir.events", "fhir.deletions", "fhir.everything"),
    *("fhir.update", "webhooks.post", "indexes.journeys_asked", "indexes.entries", "indexes.drop_entry"),
)
_QUEUES = ("changes", "wakeups", "reports", "outbox", "recoveries", "populations", "entries", "events")
_OPERATIONS = (*_STORED, *(f"queue.send.{name}" for name in _QUEUES), "queue.delete", "provider.send")

POINTS = tuple(f"{operation}:{side}" for operation in _OPERATIONS for side in ("before", "after"))
"""Every place where a fault can be injected: each I/O operation, before and after it took effect."""

_SPECIAL = {
    "patients.commit:before": ("conflict", "unavailable"),
    "documents.put:before": ("conflict", "unavailable"),
    "fhir.read:before": ("stale", "missing", "unavailable"),
    "fhir.update:before": ("refused", "unavailable"),
    "webhooks.post:before": ("refused", "unavailable"),
    "queue.delete:before": (),
    "queue.delete:after": (),
    "provider.send:before": ("deferred", "refused", "lost"),
    "provider.send:after": ("lost",),
}


@dataclass
class Faults:
    """The odds of a world, and a tally of what was injected."""

    random: Random
    rate: float = 0.0
    """How likely a fault is at each point."""
    crash_share: float = 0.4
    """How many of the faults are crashes."""
    without: frozenset[str] = frozenset()
    """Kinds that are left out, such as those of which the outcome cannot equal the undisturbed one."""
    only: frozenset[str] = frozenset()
    """Kinds that alone occur, where any are named."""
    target: tuple[str, int] | None = None
    """A point at which to crash for certain: its name, and at which visit (from 0)."""
    visits: Counter[str] = field(default_factory=Counter)
    tally: Counter[tuple[str, str]] = field(default_factory=Counter)

    def at(self, point: str) -> str:
        """Return the fault to inject at this visit of a point, or ""."""
        assert point in POINTS, point
        visit = self.visits[point]
        self.visits[point] += 1
        fault = "crash" if self.target == (point, visit) else self._chance(point)
        if fault:
            self.tally[point, fault] += 1
        return fault

    def _chance(self, point: str) -> str:
        if self.rate == 0.0 or self.random.random() >= self.rate:
            return ""
        special = _SPECIAL.get(point, ("unavailable",))
        kinds = CRASHES if self.random.random() < self.crash_share else special
        kinds = tuple(kind for kind in kinds if self._occurs(kind, point))
        return self.random.choice(kinds) if kinds else ""

    def _occurs(self, kind: str, point: str) -> bool:
        return not {kind, f"{point} {kind}"} & self.without and (not self.only or kind in self.only)

    def crashed_at(self) -> frozenset[str]:
        """Return the points at which a worker or a process was crashed."""
        return frozenset(point for point, fault in self.tally if fault in CRASHES)

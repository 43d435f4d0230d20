"""Two versions of a journey over the same people: what the new one changes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from shared.usecases.simulation.report import Report


class Line(Struct, frozen=True):
    """One figure of both."""

    what: str
    old: float
    new: float

    @property
    def difference(self) -> float:
        """Return how much the new one has more."""
        return self.new - self.old


class Comparison(Struct, frozen=True):
    """What differs."""

    lines: tuple[Line, ...]
    different: int
    """Patients who get something else, or at another time."""
    examples: tuple[str, ...]
    """FHIR ids of some of them, for `hearthline journey explain`."""


def compare(old: Report, new: Report, different: int, examples: tuple[str, ...]) -> Comparison:
    """Put both side by side."""
    return Comparison(tuple(_lines(old, new)), different, examples)


def _lines(old: Report, new: Report) -> Iterator[Line]:
    first, second = (sum(journey.entered for journey in each.journeys) for each in (old, new))
    yield Line("entered", first, second)
    for channel in sorted(old.channels.keys() | new.channels.keys()):
        sent = (each.channels[channel].sent if channel in each.channels else 0 for each in (old, new))
        yield Line(f"messages by {channel}", *sent)
    for reason in sorted({s.reason for each in (old, new) for s in each.suppressed}):
        yield Line(f"not sent: {reason}", _suppressed(old, reason), _suppressed(new, reason))
    yield Line("tasks", old.staff.tasks, new.staff.tasks)
    for kind in sorted(old.written.keys() | new.written.keys()):
        yield Line(f"written: {kind}", old.written.get(kind, 0), new.written.get(kind, 0))
    for name in sorted(old.posted.keys() | new.posted.keys()):
        yield Line(f"calls of {name}", old.posted.get(name, 0), new.posted.get(name, 0))
    yield Line("goals reached", *(sum(journey.goals for journey in each.journeys) for each in (old, new)))
    yield Line("inside at the end", *(_inside(each) for each in (old, new)))
    yield Line(f"cost in {new.currency}", old.cost, new.cost)


def _suppressed(of: Report, reason: str) -> int:
    return sum(each.count for each in of.suppressed if each.reason == reason)


def _inside(of: Report) -> int:
    return sum(journey.inside_at_end for journey in of.journeys)

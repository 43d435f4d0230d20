"""The sentences about resources: "HbA1c 9.1 % > 9 % on 2026-03-01"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.fhir.fact import Component, Fact
from shared.fhir.instants import Instant
from shared.segment.pattern import ComponentPattern, ResourcePattern
from shared.segment.values import describe
from shared.segment.wall import Wall

_LASTING = frozenset(
    {"AllergyIntolerance", "CarePlan", "Condition", "Coverage", "EpisodeOfCare", "RelatedPerson"}
)
_TO_THE_MINUTE = frozenset({"Appointment"})


class Sentences:
    """Says why a pattern is met or not."""

    def __init__(self, pattern: ResourcePattern, wall: Wall) -> None:
        self._pattern, self._wall = pattern, wall

    def why(self, facts: list[Fact], holds: bool) -> str:
        """Say it, given the deciding facts, the most telling first."""
        if not facts:
            return self.absent()
        if holds or not self._short(len(facts)):
            more = f" ({len(facts)} in all)" if holds and self._pattern.at_least else ""
            return self._present(facts[0], holds) + more
        return f"{self._short(len(facts))}: {self._present(facts[0], True)}"

    def _short(self, found: int) -> str:
        """Say what the facts fall short of, where they are counted."""
        pattern = self._pattern
        if pattern.which and pattern.which.plain:
            return ""
        if pattern.at_least and found < pattern.at_least:
            return f"only {found} of {pattern.at_least}"
        if pattern.on_days:
            return f"on fewer than {pattern.on_days} days"
        if pattern.covered_days:
            return f"fewer than {pattern.covered_days.at_least} days covered"
        return f"less than {pattern.total_time.at_least} in all" if pattern.total_time else ""

    def absent(self) -> str:
        """Say that there is none: "no HbA1c > 9 % in the last 6 months"."""
        pattern = self._pattern
        name = pattern.label or pattern.words() or pattern.type or pattern.from_ or "such resource"
        when = pattern.when.words() if pattern.when else ""
        value = pattern.value.words() if pattern.value and not pattern.which else ""
        parts = ["no", *([] if pattern.label else (pattern.status or ())[:1]), name, value, when]
        return " ".join(filter(None, parts))

    def _present(self, fact: Fact, holds: bool) -> str:
        name = self._pattern.label or fact.title or self._pattern.words() or fact.resource_type
        return " ".join(filter(None, (name, self._measured(fact, holds), self._dated(fact))))

    def _measured(self, fact: Fact, holds: bool) -> str:
        pattern = self._pattern
        parts = []
        if pattern.value is not None:
            coded = not pattern.value.thresholds
            parts.append(describe(fact.value) if coded and holds else _compared(fact, pattern, holds))
        parts += [_component(fact, wanted, holds) for wanted in pattern.component or ()]
        return ", ".join(filter(None, parts))

    def _dated(self, fact: Fact) -> str:
        asked = self._pattern.when
        if asked and asked.ends and fact.end is not None:
            return f"ended {self._day(fact.end, fact)}"
        if fact.start is None:
            return ""
        word = "since" if fact.resource_type in _LASTING else "on"
        return f"{word} {self._day(fact.start, fact)}"

    def _day(self, instant: Instant, fact: Fact) -> str:
        write: Callable[[datetime], str] = _minute if fact.resource_type in _TO_THE_MINUTE else _date
        try:
            return write(self._wall.show(instant))
        except (OverflowError, ValueError):
            return "a day outside the calendar"


def _date(shown: datetime) -> str:
    return shown.date().isoformat()


def _minute(shown: datetime) -> str:
    return f"{shown:%Y-%m-%d %H:%M}"


def _compared(fact: Fact, pattern: ResourcePattern, holds: bool) -> str:
    assert pattern.value is not None
    verb = "" if holds else "is not "
    return f"{describe(fact.value)} {verb}{pattern.value.words()}"


def _component(fact: Fact, wanted: ComponentPattern, holds: bool) -> str:
    codes = frozenset(wanted.code or ())
    found: Component | None = next((c for c in fact.components if not codes.isdisjoint(c.codes)), None)
    if found is None or wanted.value is None:
        return ""
    compared = f" {wanted.value.words()}" if holds and wanted.value.thresholds else ""
    return f"{describe(found.value)}{compared}"

"""Outline: how people get into a journey and out of it, line by line, in words.

Beside the flow: JourneyDefinition → outline → the head of its diagram and of `hearthline journey show`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from shared.journey.audience import Audience, EntryWindow, ReEntryAfter
from shared.journey.definition import JourneyDefinition
from shared.journey.exits import ExitWhen, Goal
from shared.journey.happening import short
from shared.journey.pace import Pace
from shared.journey.publication import OnPublish
from shared.journey.trigger import FhirChange, MemberTrigger, ResourceInstant, Trigger, YearlyDate
from shared.journey.words import change, either, happening, instant, length, placed, resource

_AGAIN = {
    "never": "once and never again",
    "after-exit": "again once out of it",
    "per-focus": "once for each resource",
}


class Line(Struct, frozen=True):
    """One thing that a journey says beside its steps."""

    label: str
    text: str


def outline(journey: JourneyDefinition) -> tuple[Line, ...]:
    """Return what a journey says beside its steps; what it leaves at its default is left out."""
    return tuple(Line(label, text) for label, text in _lines(journey) if text)


def _lines(journey: JourneyDefinition) -> Iterator[tuple[str, str]]:
    yield "Enters", entry(journey.trigger)
    yield "Only", _audience(journey.audience)
    yield "Open", _window(journey.entry_window)
    yield "Again", _again(journey)
    yield "At most", _pace(journey.limits)
    yield "Goal", _goal(journey.goal)
    yield "Leaves", _exits(journey.exit_when)
    yield "New version", _published(journey.on_publish)


def entry(trigger: Trigger) -> str:
    """Say how patients get in."""
    return ENTRIES[trigger.kind](getattr(trigger, trigger.kind))


def _member(meant: MemberTrigger) -> str:
    which = f"who is in {short(meant.segment)}" + ("" if meant.ongoing else " when this is published")
    return which + (f", again every {length(meant.every)}" if meant.every else "")


def _change(meant: FhirChange) -> str:
    if meant.recent is None:
        return change(meant)
    point = meant.recent.anchor.removeprefix("focus.")
    within = length(meant.recent.within)
    late = "not past yet" if within == "no time" else f"at most {within} ago"
    return f"{change(meant)}, its {point} {late}"


def _instant(meant: ResourceInstant) -> str:
    point = f"the {meant.anchor.removeprefix('focus.')} of {resource(meant.of)}"
    status = f" that is {either(meant.of.status)}" if meant.of.status else ""
    return placed(meant.offset, point + status) + (f", {meant.at}" if meant.at else "")


def _date(meant: YearlyDate) -> str:
    return f"{placed(meant.offset, 'the birthday')}, {meant.at}, every year"


ENTRIES: Mapping[str, Callable[[Any], str]] = {
    "segment_entered": lambda url: f"who comes into {short(url)}",
    "segment_left": lambda url: f"who leaves {short(url)}",
    "segment_member": _member,
    "fhir_change": _change,
    "instant": _instant,
    "date": _date,
    "event": lambda name: f"event {name}",
    "manual": lambda _: "by campaigns, staff, other journeys and the API",
}
"""By the field of the trigger; a test sees that none is missing."""


def _audience(audience: Audience) -> str:
    inside = [f"in {' and '.join(map(short, audience.within))}"] if audience.within else []
    outside = [f"not in {either(map(short, audience.not_in))}"] if audience.not_in else []
    return ", ".join(inside + outside)


def _window(window: EntryWindow | None) -> str:
    if window is None:
        return ""
    since = [f"from {instant(window.since)}"] if window.since else []
    return " ".join(since + ([f"until {instant(window.until)}"] if window.until else []))


def _again(journey: JourneyDefinition) -> str:
    rule = journey.re_entry
    if isinstance(rule, ReEntryAfter):
        return f"once out of it, and {length(rule.after)} after entering last"
    return _AGAIN[rule]


def _pace(pace: Pace | None) -> str:
    if pace is None:
        return ""
    counts = (("an hour", pace.per_hour), ("a day", pace.per_day), ("in all", pace.in_all))
    parts = [f"{count} {word}" for word, count in counts if count is not None]
    if pace.hours:
        parts.append(f"{', '.join(pace.hours.days)} {pace.hours.since} to {pace.hours.until or '24:00'}")
    if pace.capacity:
        parts.append(f"as many as there are free slots within {length(pace.capacity.within)}")
    return "; ".join(parts)


def _goal(goal: Goal | None) -> str:
    return f"{goal.title} ({either(map(happening, goal.any_of))})" if goal else ""


def _exits(exits: ExitWhen) -> str:
    reasons = ["out of the segment"] if exits.segment_left else []
    reasons += map(happening, exits.any_of)
    reasons += [f"{length(exits.after)} after entering"] if exits.after else []
    reasons += [f"at {instant(exits.until)}"] if exits.until else []
    return either(reasons + (["opted out of every channel"] if exits.opted_out else []))


def _published(rule: OnPublish) -> str:
    if rule.those_inside == "finish":
        return ""
    if rule.those_inside == "leave":
        return "those inside an older one leave it"
    moved = "; ".join(f"{old} to {new}" for old, new in rule.steps.items())
    return "those inside an older one move to it" + (f" ({moved})" if moved else "")

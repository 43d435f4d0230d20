"""Until: how an author says an instant to wait for, and how it is found for a patient.

Shared by the steps that wait and by the triggers that lie before, at or after an instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from shared.authoring import Authored
from shared.errors import AuthorFault
from shared.fhir.calendar import Duration, add, at_clock, describe, parse_clock, parse_duration
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant, from_datetime, parse_instant, parse_range, to_datetime
from shared.journey.change import Described
from shared.journey.steps.base import ClockTime, Iso8601Duration, Standing

type Due = Callable[[Standing], Instant | None]
"""Finds the instant; None while there is none yet. Raises AuthorFault where there never will be."""

type Whose = Literal["organisation", "patient"]
type Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Point = Literal["focus.start", "focus.end", "focus.value"]


def exact(text: str) -> str:
    """Check an instant that an author wrote: it names its offset. Raises ValueError."""
    if "T" not in text or (not text.endswith(("Z", "z")) and text[-6:-5] not in ("+", "-")):
        raise ValueError("not an instant with its offset, such as 2026-03-01T09:00:00Z")
    parse_instant(text)
    return text


ExactInstant = Annotated[str, AfterValidator(exact)]


class Anchor(Authored):
    """An instant of a resource, and an offset from it; it moves when the resource does."""

    anchor: Point
    """Its start, its end, or the date that is its value (an expected date of delivery)."""
    of: Described | None = None
    """Which resource, where it is not the one that the enrolment hangs on: the next of these to come."""
    offset: Iso8601Duration = "PT0S"
    at: ClockTime | None = None
    """Time of day on the local day so found; the instant itself where none is named."""


class NextDay(Authored):
    """The next of these days of the week."""

    weekdays: tuple[Weekday, ...] = Field(min_length=1)
    at: ClockTime
    """Time of day; on the day itself when it is yet to come."""


class NextClock(Authored):
    """The next time that the clock shows this: today or tomorrow."""

    at: ClockTime


def _sort(until: object) -> str:
    if isinstance(until, str):
        return "instant"
    known = until if isinstance(until, dict) else getattr(until, "model_fields_set", ())
    return "anchor" if "anchor" in known or "of" in known else "day" if "weekdays" in known else "clock"


type Until = Annotated[
    Annotated[Anchor, Tag("anchor")]
    | Annotated[ExactInstant, Tag("instant")]
    | Annotated[NextDay, Tag("day")]
    | Annotated[NextClock, Tag("clock")],
    Discriminator(_sort),
]


def due_of(until: Anchor | NextDay | NextClock | str, organisation: tzinfo, whose: Whose) -> Due:
    """Return what finds the instant; `whose` says whose days and clock count."""
    zone = zone_of(organisation, whose)
    if isinstance(until, Anchor):
        return _anchored(until, zone)
    if isinstance(until, str):
        fixed = parse_instant(until)
        return lambda _: fixed
    days = (
        frozenset(map(WEEKDAYS.index, until.weekdays)) if isinstance(until, NextDay) else frozenset(range(7))
    )
    clock = parse_clock(until.at)
    return lambda standing: _next(standing.now, days, clock, zone(standing))


def due_at(
    until: Anchor | NextDay | NextClock | str | None, length: str | None, zone: tzinfo, whose: Whose
) -> Due:
    """Return what finds the end of a wait: an instant, or so long after now; `zone` is the organisation's."""
    if until is not None:
        return due_of(until, zone, whose)
    return after(parse_duration(length or "PT0S"), zone, whose)


def hangs_on_focus(until: Anchor | NextDay | NextClock | str | None) -> bool:
    """Say whether it is an instant of the enrolment's own resource."""
    return isinstance(until, Anchor) and until.of is None


def followed(until: Anchor | NextDay | NextClock | str | None) -> frozenset[str]:
    """Return the types of other resources whose changes may move it."""
    return frozenset({until.of.type} if isinstance(until, Anchor) and until.of else ())


def after(length: Duration, organisation: tzinfo, whose: Whose) -> Due:
    """Return what finds the instant so long after now."""
    zone = zone_of(organisation, whose)
    return lambda standing: added(standing.now, length, zone(standing))


def zone_of(organisation: tzinfo, whose: Whose) -> Callable[[Standing], tzinfo]:
    """Return what finds the zone that counts."""
    return (lambda standing: standing.zone(organisation)) if whose == "patient" else (lambda _: organisation)


def added(base: Instant, length: Duration, zone: tzinfo) -> Instant:
    """Return an instant so much later or earlier. Raises AuthorFault outside the calendar."""
    try:
        return add(base, length, zone)
    except ValueError:
        raise AuthorFault(f"{describe(length)} from such a day is outside the calendar") from None


def local(instant: Instant, zone: tzinfo) -> str:
    """Write an instant as people there read it."""
    try:
        return to_datetime(instant, zone).strftime("%Y-%m-%d %H:%M %Z")
    except OverflowError:  # the last hours of the year 9999 are in the next one elsewhere
        return "the end of all days"


def wall(day: date, clock: time, zone: tzinfo) -> Instant:
    """Return when a clock shows this on a day."""
    return from_datetime(datetime.combine(day, clock, tzinfo=zone))


def _anchored(anchor: Anchor, zone: Callable[[Standing], tzinfo]) -> Due:
    offset = parse_duration(anchor.offset)
    clock = parse_clock(anchor.at) if anchor.at else None

    def place(base: Instant, where: tzinfo) -> Instant:
        moved = added(base, offset, where)
        try:
            return at_clock(moved, clock, where) if clock else moved
        except ValueError:
            raise AuthorFault(f"the {anchor.at} of such a day is outside the calendar") from None

    def due(standing: Standing) -> Instant | None:
        where, focus = zone(standing), standing.focus
        if anchor.of is not None:
            found = (place(base, where) for base in _points(standing, anchor.of, anchor.anchor, where))
            return min((instant for instant in found if instant > standing.now), default=None)
        base = None if focus is None else point(focus, anchor.anchor, where)
        if base is None:
            lacks = f"{standing.enrolment.focus} has no {anchor.anchor.removeprefix('focus.')}"
            raise AuthorFault(f"{lacks if focus is not None else 'there is no resource'} to wait for")
        return place(base, where)

    return due


def _points(standing: Standing, meant: Described, which: Point, zone: tzinfo) -> Iterator[Instant]:
    for fact in standing.record.facts.of(meant.type).values():
        if not fact.gone and meant.describes(fact) and (base := point(fact, which, zone)) is not None:
            yield base


def point(fact: Fact, which: Point, zone: tzinfo) -> Instant | None:
    """Return an instant of a resource; a value that is no date has none."""
    if which == "focus.start":
        return fact.start
    if which == "focus.end":
        return fact.end
    try:
        return parse_range(fact.value.text, zone)[0] if fact.value is not None else None
    except (ValueError, OverflowError):
        return None


def _next(now: Instant, days: frozenset[int], clock: time, zone: tzinfo) -> Instant:
    today = to_datetime(now, zone).date()
    ahead = (today + timedelta(days=n) for n in range(9))
    return next(due for day in ahead if day.weekday() in days and (due := wall(day, clock, zone)) > now)

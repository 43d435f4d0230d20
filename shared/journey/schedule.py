"""Schedule: the instant at which an enrolment that exists already is to begin, and the step it waits at.

"@scheduled" stands before the first step of a journey that begins before, at or after an instant. Waiting
there is like waiting anywhere: it moves with its resource, and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo

from msgspec import Struct

from shared.errors import AuthorFault
from shared.fhir.calendar import Duration, parse_clock, parse_duration
from shared.fhir.instants import DAY, Instant, from_datetime, parse_instant, to_datetime
from shared.journey.due import Anchor, Due, added, due_of, local, wall, zone_of
from shared.journey.steps.base import CompiledStep, Ends, Goes, Outcome, Standing, Waits
from shared.journey.trigger import Trigger, YearlyDate

SCHEDULED = "@scheduled"
"""Id of the step; its result, where there is one, is the instant that was asked for."""


NEXT_TIME = "next after "
"""How the cause of an expectation begins that follows on an earlier one."""

_APART = 2 * DAY
"""Two days of the year are never nearer: who moves to another zone has only one birthday."""


class Schedule(Struct, frozen=True):
    """When to begin."""

    due: Due
    late: Duration = Duration()
    """How long after it one may still begin."""

    def over(self, standing: Standing, zone: tzinfo) -> bool:
        """Say whether it is too late to begin, or there is nothing to go by."""
        try:
            due = self.due(standing)
        except AuthorFault:
            return True
        if due is None:
            return False
        try:
            return added(due, self.late, zone) < standing.now
        except AuthorFault:  # at an edge of the calendar, where nothing can be added
            return due < standing.now


def schedule_of(trigger: Trigger, zone: tzinfo) -> Schedule | None:
    """Return when enrolments of this trigger begin; None for at once."""
    if trigger.instant is not None:
        meant = trigger.instant
        anchor = Anchor(anchor=meant.anchor, offset=meant.offset, at=meant.at)
        return Schedule(due_of(anchor, zone, meant.zone), parse_duration(meant.late))
    if trigger.date is not None:
        return Schedule(_yearly(trigger.date, zone), Duration(days=1))
    return None


def scheduled_step(schedule: Schedule | None, following: str, zone: tzinfo) -> CompiledStep:
    """Make the step that waits for the instant, or for the one that was asked for on entering.

    It follows the patient, too: their clock may be the one that counts.
    """

    def due(standing: Standing) -> Instant | None:
        asked = standing.enrolment.results.get(SCHEDULED, "")
        if asked:
            return asked_instant(asked, standing, zone)
        return schedule.due(standing) if schedule else None

    def run(standing: Standing) -> Outcome:
        instant = due(standing)
        if instant is None:
            return Goes(following)
        if instant > standing.now:
            return Waits(instant, local(instant, zone))
        if (
            schedule is not None
            and not standing.enrolment.results.get(SCHEDULED)
            and schedule.over(standing, zone)
        ):
            return Ends(f"too late, it was to begin at {local(instant, zone)}")
        return Goes(following)

    def moved(standing: Standing) -> Outcome | None:
        try:
            return None if due(standing) == standing.enrolment.due else run(standing)
        except AuthorFault as fault:  # the resource has no such instant now, or nobody knows the birthday
            return Ends(fault.reason)

    return CompiledStep(
        SCHEDULED,
        "scheduled",
        run,
        woken=lambda _: Goes(following),
        moved=moved,
        follows=frozenset({"Patient"}),
    )


def asked_instant(text: str, standing: Standing, zone: tzinfo) -> Instant:
    """Read an instant that was asked for: with its offset, or by the clock where the patient lives."""
    if text.endswith("Z") or text[-6:-5] in ("+", "-"):
        return parse_instant(text)
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=standing.zone(zone)))


def _yearly(meant: YearlyDate, organisation: tzinfo) -> Due:
    zone: Callable[[Standing], tzinfo] = zone_of(organisation, meant.zone)
    clock, offset = parse_clock(meant.at), parse_duration(meant.offset)

    def due(standing: Standing) -> Instant | None:
        born = _born(standing)
        if born is None:
            raise AuthorFault("the day of birth is not known")
        where = zone(standing)
        since = standing.enrolment.entered
        if standing.enrolment.cause.startswith(NEXT_TIME):
            since = Instant(since + _APART)
        year = to_datetime(since, where).year
        ahead = (added(wall(_day(born, year + n), clock, where), offset, where) for n in range(-1, 3))
        return next((instant for instant in ahead if instant > since), None)

    return due


def _born(standing: Standing) -> date | None:
    person = standing.record.person
    try:
        return date.fromisoformat(person.birth_date) if person and len(person.birth_date) == 10 else None
    except ValueError:
        return None


def _day(born: date, year: int) -> date:
    """Return the birthday in a year; who was born on 29 February has it on the 1st of March in others."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)

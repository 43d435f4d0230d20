"""Reading when something was: FHIR's date-times, Periods and Timings as [start, end], None for unknown.

https://hl7.org/fhir/R4/datatypes.html#Period : a Period's end includes all that its text covers, so the end
of "2012-02-03" is the last microsecond of that day, and of an exact instant that instant.
"""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.instants import Instant, parse_range
from shared.fhir.projections.elements import Json, inside

type Interval = tuple[Instant | None, Instant | None]

UNKNOWN: Interval = (None, None)


def moment(value: object, zone: tzinfo) -> Interval:
    """Read a date, dateTime or instant as all that its text covers, first and last instant."""
    if not isinstance(value, str):
        return UNKNOWN
    try:
        start, beyond = parse_range(value, zone)
    except (ValueError, OverflowError):
        return UNKNOWN
    return start, Instant(max(start, beyond - 1))


def period(value: object, zone: tzinfo) -> Interval:
    """Read a Period; an end before its start becomes the start, as the thing is over."""
    start = moment(inside(value, "start"), zone)[0]
    return ordered(start, moment(inside(value, "end"), zone)[1])


def ordered(start: Instant | None, end: Instant | None) -> Interval:
    """Return an interval that does not run backwards."""
    return start, (max(start, end) if start is not None and end is not None else end)


def choice(resource: Json, element: str, zone: tzinfo) -> Interval:
    """Read element[x] as dateTime, Period, instant or Timing; Age, Range and string cannot be placed."""
    found = moment(resource.get(element + "DateTime"), zone)
    if found is not UNKNOWN:
        return found
    found = period(resource.get(element + "Period"), zone)
    if found != UNKNOWN:
        return found
    found = moment(resource.get(element + "Instant"), zone)
    return _timing(resource.get(element + "Timing"), zone) if found is UNKNOWN else found


def _timing(value: object, zone: tzinfo) -> Interval:
    """Read a Timing: from its first event to its last, else its repeat's bounds."""
    events = inside(value, "event")
    placed = [moment(event, zone) for event in events] if isinstance(events, list) else []
    starts = [start for start, _ in placed if start is not None]
    ends = [end for _, end in placed if end is not None]
    if starts and ends:
        return min(starts), max(ends)
    return period(inside(inside(value, "repeat"), "boundsPeriod"), zone)


def instant(value: object, zone: tzinfo) -> Instant | None:
    """Read the first instant of a date-time."""
    return moment(value, zone)[0]

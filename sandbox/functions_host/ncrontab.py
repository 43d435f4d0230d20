"""NCRONTAB schedules, the timer trigger's language: expression → next occurrence; pure.

As the NCrontab library that Azure's host uses: `{second} {minute} {hour} {day} {month} {day-of-week}`,
day and day-of-week must *both* match (cron says either), names may be cut short, a range written backwards
is turned round. Instants are microseconds UTC.
Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sandbox.functions_host.timespan import parse_timespan
from shared.fhir.instants import SECOND, Instant, from_datetime, to_datetime

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Field:
    """One field's bounds and the names it knows; `low` is the value of the first name."""

    label: str
    low: int
    high: int
    names: Sequence[str] = ()


_FIELDS = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day-of-week", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Crontab:
    """A parsed expression: the values that each field allows, ascending; Sunday is 0."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def next_after(self, instant: Instant) -> Instant:
        """Return the first occurrence strictly after `instant`."""
        start = to_datetime(Instant(instant - instant % SECOND + SECOND))
        of_day = self._time_from(start.time()) if self._has(start.date()) else None
        if of_day is not None:
            return from_datetime(datetime.combine(start.date(), of_day, UTC))
        first = time(self.hours[0], self.minutes[0], self.seconds[0])
        day = next(self._dates(start.date() + timedelta(days=1)))
        return from_datetime(datetime.combine(day, first, UTC))

    def _has(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _time_from(self, moment: time) -> time | None:
        """Return the first allowed time of day at or after `moment`."""
        wanted = (moment.hour, moment.minute, moment.second)
        for hour in self.hours[bisect_left(self.hours, wanted[0]) :]:
            for minute in self.minutes:
                if (hour, minute, self.seconds[-1]) >= wanted:
                    floor = wanted[2] if (hour, minute) == wanted[:2] else 0
                    return time(hour, minute, self.seconds[bisect_left(self.seconds, floor)])
        return None

    def _dates(self, first: date) -> Iterator[date]:
        """Yield the allowed dates from `first` on; parsing has made sure that there always is one."""
        year, month = first.year, first.month
        while True:
            if month in self.months:
                last = monthrange(year, month)[1]
                yield from (
                    day
                    for number in self.days
                    if number <= last and (day := date(year, month, number)) >= first and self._has(day)
                )
            year, month = year + month // 12, month % 12 + 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A TimeSpan schedule: every `micros` after the last run."""

    micros: int

    def next_after(self, instant: Instant) -> Instant:
        """Return the instant one interval after `instant`."""
        return Instant(instant + self.micros)


type Schedule = Crontab | Interval


def parse_schedule(expression: str) -> Schedule:
    """Parse a timer trigger's schedule: six (or five) NCRONTAB fields, or a TimeSpan. Raises ValueError."""
    parts = expression.split()
    if len(parts) in (5, 6):
        return _crontab(expression, parts)
    micros = parse_timespan(expression) if ":" in expression else 0
    if micros <= 0:
        raise ValueError(
            f"{expression!r} is neither an NCRONTAB expression of six fields nor a TimeSpan above 0"
        )
    return Interval(micros)


def _crontab(expression: str, parts: list[str]) -> Crontab:
    six = parts if len(parts) == 6 else ["0", *parts]
    values = [_field(text, field) for text, field in zip(six, _FIELDS, strict=True)]
    crontab = Crontab(*values)
    if all(crontab.days[0] > _LONGEST[month] for month in crontab.months):
        raise ValueError(f"{expression!r} never occurs")
    return crontab


def _field(text: str, field: Field) -> tuple[int, ...]:
    return tuple(sorted({value for part in text.split(",") for value in _part(part, field)}))


def _part(text: str, field: Field) -> range:
    """Read one of: *, value, a-b, each with an optional /step; "a/step" runs to the field's end."""
    body, slash, step_text = text.partition("/")
    step = _number(step_text, field) if slash else 1
    if step < 1:
        raise ValueError(f"the step of {text!r} in the {field.label} field must be 1 or more")
    if body == "*":
        return range(field.low, field.high + 1, step)
    first_text, dash, last_text = body.partition("-")
    first = _value(first_text, field)
    last = _value(last_text, field) if dash else (field.high if slash else first)
    return range(min(first, last), max(first, last) + 1, step)


def _value(text: str, field: Field) -> int:
    if text.isalpha():
        return _named(text, field)
    value = _number(text, field)
    if not field.low <= value <= field.high:
        raise ValueError(f"{value} in the {field.label} field is not between {field.low} and {field.high}")
    return value


def _named(text: str, field: Field) -> int:
    for index, name in enumerate(field.names):
        if name.startswith(text.lower()):
            return index + field.low
    raise ValueError(f"{text!r} is no name of the {field.label} field")


def _number(text: str, field: Field) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} in the {field.label} field is not a number")
    return int(text)

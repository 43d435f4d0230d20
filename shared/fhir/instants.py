"""Instants and FHIR date-times: everything in the core is microseconds since 1970-01-01T00:00Z.

FHIR allows partial dates (https://hl7.org/fhir/R4/datatypes.html#dateTime): "2021-03" means the whole
month, so a date-time is a half-open range of instants; an exact instant is a range of no length.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NewType

Instant = NewType("Instant", int)
"""Microseconds since the Unix epoch, UTC."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WIDEST_OFFSET = 14 * 60  # minutes; https://hl7.org/fhir/R4/datatypes.html#dateTime
_DATETIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)


def from_datetime(moment: datetime) -> Instant:
    """Turn an aware datetime into an instant."""
    return Instant((moment - _EPOCH) // _MICROSECOND)


def to_datetime(instant: Instant, zone: tzinfo = UTC) -> datetime:
    """Turn an instant into an aware datetime in `zone`."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def iso(instant: Instant) -> str:
    """Write an instant as FHIR does: UTC, milliseconds, "Z"."""
    return to_datetime(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_range(text: str, zone: tzinfo = UTC) -> tuple[Instant, Instant]:
    """Parse a FHIR date, dateTime or instant into [start, end); `zone` is for those that name none.

    Fractions longer than microseconds (Azure writes seven digits) are cut. Raises ValueError.
    """
    match = _DATETIME.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a FHIR date, dateTime or instant")
    try:
        return _range(match, zone)
    except OverflowError as overflow:  # the last day of the year 9999 has no morrow
        raise ValueError("a date outside the calendar") from overflow


def _range(match: re.Match[str], zone: tzinfo) -> tuple[Instant, Instant]:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if hour is None:
        first = datetime(int(year), int(month or 1), int(day or 1), tzinfo=zone)
        return from_datetime(first), from_datetime(_next(first, month, day))
    micros = int((fraction or "").ljust(6, "0")[:6])
    leap = second == "60"  # FHIR allows leap seconds; Python does not
    clock = int(hour), int(minute), 59 if leap else int(second or 0), micros
    moment = datetime(int(year), int(month), int(day), *clock, tzinfo=_offset(offset, zone))
    start = Instant(from_datetime(moment) + (SECOND if leap else 0))
    return start, Instant(start + (MINUTE if second is None else 0))


def parse_instant(text: str, zone: tzinfo = UTC) -> Instant:
    """Parse the first instant that a FHIR date-time covers. Raises ValueError."""
    return parse_range(text, zone)[0]


def _next(first: datetime, month: str | None, day: str | None) -> datetime:
    if day:
        return _local(first + timedelta(days=1))
    if month:
        return _local(first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1))
    return _local(first.replace(year=first.year + 1))


def _local(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if text is None:
        return zone
    if text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if int(text[-2:]) > 59 or minutes > _WIDEST_OFFSET:
        raise ValueError("not an offset from UTC")
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))

"""One edge of a window as an author writes it: parsed here, compiled to an edge in shared.segment.edge.

A bound is an anchor and any number of "- P6M" or "+ P3D" after it. Anchors: "now"; "today"; a FHIR date or
date-time; "last 09-01" and "next 09-01", the latest 1 September up to now and the one after it; "birth";
"discharge.start", ".end" or ".at" of a named match, or of "this", the resource that a `with` or `without` is
about; each may follow "day of", its whole day. Days, dates and "birth" cover a day ("2021-03" a month):
`from` and `before` look at the beginning, `after` and `until` at the end.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator

from shared.fhir.calendar import Duration, parse_duration
from shared.fhir.instants import parse_range

NAME = r"[a-z][a-z0-9_]*"
_SHIFTS = re.compile(r"\s*([+-])\s*(P[0-9A-Z.,]+)")
_BOUND = re.compile(rf"(?P<base>.*?)(?P<shifts>(?:{_SHIFTS.pattern})*)", re.DOTALL)
_POINT = re.compile(rf"({NAME})\.(start|end|at)")
_YEARLY = re.compile(r"(last|next) (\d\d)-(\d\d)")
_EXPECTED = '"now", "today - P6M", "birth + P2Y", "stay.end + P7D", or a date such as 2021-03-31'
LONGEST = Duration(months=12 * 200, days=366 * 200, micros=10**15)

type Word = Literal["from", "after", "before", "until"]
"""At or after its beginning, after its end, before its beginning, before its end."""
type Point = Literal["", "start", "end", "at"]
"""Of a matched resource: its start; its end; its end, or its start where no end is known."""


class Bound(Struct, frozen=True):
    """A parsed bound."""

    anchor: str
    """"now", "birth", "date", or the name of a match."""
    point: Point = ""
    """Of a match."""
    day: bool = False
    """Its whole day."""
    by: tuple[Duration, ...] = ()
    """To be added in this order."""
    yearly: tuple[int, int] | None = None
    """Month and day: that day of each year, the latest up to now, or so many years after it."""
    years: int = 0
    text: str = ""
    """The FHIR date-time of a date."""

    @property
    def named(self) -> frozenset[str]:
        """Return the name of the match that it refers to, if any."""
        return frozenset({self.anchor} if self.point else ())


def parse_length(text: str) -> Duration:
    """Parse a positive ISO 8601 duration. Raises ValueError."""
    length = parse_duration(text)
    if length.sign <= 0 or length.months > LONGEST.months or length.days > LONGEST.days:
        raise ValueError('is not a positive ISO 8601 duration such as "P6M"')
    return length


def parse_bound(text: str) -> Bound:
    """Parse a bound. Raises ValueError."""
    match = _BOUND.fullmatch(text.strip())
    assert match is not None  # whatever the text, it is a base without shifts
    by = tuple(_shift(sign, length) for sign, length in _SHIFTS.findall(match["shifts"]))
    base = " ".join(match["base"].split())
    day = base.startswith("day of ")
    return _anchored(base.removeprefix("day of "), day, by)


def _shift(sign: str, length: str) -> Duration:
    by = parse_length(length)
    return -by if sign == "-" else by


def _anchored(base: str, day: bool, by: tuple[Duration, ...]) -> Bound:
    if base in ("now", "today"):
        return Bound("now", day=day or base == "today", by=by)
    if yearly := _YEARLY.fullmatch(base):
        which, month, day_of = yearly[1], int(yearly[2]), int(yearly[3])
        date(2024, month, day_of)  # raises ValueError for no day of the calendar
        return Bound("now", day=True, by=by, yearly=(month, day_of), years=int(which == "next"))
    if base == "birth":
        return Bound("birth", day=True, by=by)
    if point := _POINT.fullmatch(base):
        name, side = point.groups()
        return Bound(name, "start" if side == "start" else "end" if side == "end" else "at", day, by)
    try:
        parse_range(base)
    except ValueError:
        raise ValueError(f"is not {_EXPECTED}") from None
    return Bound("date", day=day, by=by, text=base)


def as_text(value: object) -> object:
    """Let YAML's own dates and years stand for what they were written as."""
    if type(value) is int and 1000 <= value <= 9999:
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _checked_bound(text: str) -> str:
    parse_bound(text)
    return text


def _checked_length(text: str) -> str:
    parse_length(text)
    return text


type BoundText = Annotated[
    str, BeforeValidator(as_text, json_schema_input_type=str | int), AfterValidator(_checked_bound)
]
type LengthText = Annotated[str, AfterValidator(_checked_length)]

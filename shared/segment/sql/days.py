"""Which day it is, in a zone: asked of the wall clock once for each UTC day that the data touch.

A UTC day sees at most two local midnights, so that the day of an instant in it is one of three.
"""

from __future__ import annotations

from shared.fhir.instants import DAY, Instant
from shared.segment.picking import day_of
from shared.segment.sql.query import Build
from shared.segment.wall import NEVER, Wall

_ANSWERED = ("INTEGER", "BIGINT", "INTEGER", "BIGINT", "INTEGER")


def with_days(rows: str, expression: str, build: Build, name: str = "day") -> str:
    """Return the rows and a column `name`: the ordinal of an instant's local day, NULL where it has none."""
    table = build.table(f"SELECT *, {expression} AS instant FROM ({rows}) c")
    number = f"((instant - ((instant % {DAY}) + {DAY}) % {DAY}) // {DAY})"
    wall = build.context.wall
    made = build.answers(
        f"SELECT DISTINCT {number} FROM {table} WHERE instant IS NOT NULL",
        ("BIGINT",),
        _ANSWERED,
        lambda day: _days(wall, day),
    )
    day = "CASE WHEN instant >= d.y3 THEN d.y4 WHEN instant >= d.y1 THEN d.y2 ELSE d.y0 END"
    return (
        f"SELECT c.* EXCLUDE (instant), {day} AS {name} FROM {table} c LEFT JOIN {made} d ON d.x0 = {number}"
    )


def _days(wall: Wall, number: int) -> tuple[int | None, int, int | None, int, int | None]:
    """Return the local day at the beginning of a UTC day, and the next two with the instants they begin."""
    begin = number * DAY
    first = _ordinal(wall, begin)
    second = _next(wall, begin)
    third = _next(wall, second)
    return first, second, _ordinal(wall, second), third, _ordinal(wall, third)


def _next(wall: Wall, instant: int) -> int:
    return int(NEVER) if instant == NEVER else int(wall.midnight(Instant(instant), 1))


def _ordinal(wall: Wall, instant: int) -> int | None:
    day = day_of(wall, Instant(instant))
    return None if day is None else day.toordinal()

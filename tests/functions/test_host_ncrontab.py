"""NCRONTAB: the documented examples, and properties that pin down "the next occurrence"."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.functions_host.ncrontab import Crontab, Interval, parse_schedule
from sandbox.functions_host.timespan import parse_timespan
from shared.fhir.instants import HOUR, SECOND, Instant, from_datetime, parse_instant, to_datetime

BASE = "2024-01-10T10:30:15.500Z"  # a Wednesday


def upcoming(expression: str, start: str = BASE) -> str:
    return to_datetime(parse_schedule(expression).next_after(parse_instant(start))).strftime(
        "%Y-%m-%dT%H:%M:%S"
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 5 * * * *", "2024-01-10T11:05:00"),
        ("0 */5 * * * *", "2024-01-10T10:35:00"),
        ("* * * * * *", "2024-01-10T10:30:16"),
        ("0 0 */2 * * *", "2024-01-10T12:00:00"),
        ("5,8,10 * * * * *", "2024-01-10T10:31:05"),
        ("0 5/10 * * * *", "2024-01-10T10:35:00"),
        ("0 0 9-17 * * *", "2024-01-10T11:00:00"),
        ("0 0 17-9 * * *", "2024-01-10T11:00:00"),  # written backwards, turned round
        ("0 30 9 * * Mon-Fri", "2024-01-11T09:30:00"),
        ("0 30 9 * Jan Mon", "2024-01-15T09:30:00"),
        ("0 30 9 * january TUESDAY", "2024-01-16T09:30:00"),
        ("0 0 0 29 2 *", "2024-02-29T00:00:00"),
        ("0 0 0 31 * *", "2024-01-31T00:00:00"),
        ("0 0 0 13 * Fri", "2024-09-13T00:00:00"),  # both must match, unlike cron's either
        ("0 0 0 1 1 0", "2034-01-01T00:00:00"),
        ("*/15 * * * *", "2024-01-10T10:45:00"),  # five fields: second 0
        ("00:00:30", "2024-01-10T10:30:45"),
        ("1.00:00:00", "2024-01-11T10:30:15"),
    ],
)
def test_next_occurrence(expression: str, expected: str) -> None:
    assert upcoming(expression) == expected


def test_an_occurrence_is_not_its_own_next() -> None:
    assert upcoming("0 0 * * * *", "2024-02-29T23:00:00Z") == "2024-03-01T00:00:00"
    assert upcoming("0 0 0 29 2 *", "2024-02-29T00:00:00Z") == "2028-02-29T00:00:00"


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "60 * * * * *", "* * 24 * * *", "* * * 0 * *", "* * * * 13 *", "*/0 * * * * *",
     "a * * * * *", "1, * * * * *", "-1 * * * * *", "1- * * * * *", "0 0 0 30 2 *", "0 0 0 31 2,4,6 *",
     "* * * * Foo *", "* * * * * 7", "00:00:00", "24:00:00", "junk", "* * * * * * *", "² * * * * *"],
)  # fmt: skip
def test_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_schedule(expression)


def test_timespans() -> None:
    assert parse_timespan("01:02:03.0000005") == HOUR + 123 * SECOND
    assert parse_timespan("2.00:00") == 48 * HOUR
    with pytest.raises(ValueError, match="TimeSpan"):
        parse_timespan("1:60:00")


def sets(low: int, high: int) -> st.SearchStrategy[tuple[int, ...]]:
    few = st.sets(st.integers(low, high), min_size=1, max_size=4)
    return st.one_of(few, st.just(set(range(low, high + 1)))).map(lambda found: tuple(sorted(found)))


crontabs = st.builds(
    Crontab, sets(0, 59), sets(0, 59), sets(0, 23), sets(1, 28), sets(1, 12), sets(0, 6)
)  # fmt: skip
instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(from_datetime)


def text(crontab: Crontab) -> str:
    fields = (crontab.seconds, crontab.minutes, crontab.hours, crontab.days, crontab.months, crontab.weekdays)
    return " ".join(",".join(map(str, field)) for field in fields)


def fits(crontab: Crontab, instant: Instant) -> bool:
    moment = to_datetime(instant)
    return (
        instant % SECOND == 0
        and moment.second in crontab.seconds
        and moment.minute in crontab.minutes
        and moment.hour in crontab.hours
        and moment.day in crontab.days
        and moment.month in crontab.months
        and moment.isoweekday() % 7 in crontab.weekdays
    )


@given(crontabs)
def test_lists_are_read_back(crontab: Crontab) -> None:
    assert parse_schedule(text(crontab)) == crontab


@given(crontabs, instants)
def test_the_next_occurrence_is_later_and_fits(crontab: Crontab, start: Instant) -> None:
    found = crontab.next_after(start)
    assert found > start
    assert fits(crontab, found)


@given(crontabs, instants, st.data())
def test_there_is_none_between(crontab: Crontab, start: Instant, data: st.DataObject) -> None:
    """From anywhere before the next occurrence, the next is the same; and one can always be reached."""
    found = crontab.next_after(start)
    between = Instant(data.draw(st.integers(start, found - 1)))
    assert crontab.next_after(between) == found
    whole = Instant(between - between % SECOND)
    assert whole <= start or not fits(crontab, whole)


@given(crontabs, instants)
def test_an_instant_that_fits_is_found_from_just_before(crontab: Crontab, start: Instant) -> None:
    moment = to_datetime(start)
    own = Crontab(
        (moment.second,), (moment.minute,), crontab.hours, crontab.days, crontab.months, crontab.weekdays
    )
    whole = Instant(start - start % SECOND)
    assert (own.next_after(Instant(whole - 1)) == whole) == fits(own, whole)


@given(st.integers(1, 10**12), instants)
def test_an_interval_counts_from_its_start(micros: int, start: Instant) -> None:
    assert Interval(micros).next_after(start) == start + micros

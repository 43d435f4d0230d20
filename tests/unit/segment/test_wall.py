"""The ground: edges only move forward, and their inverse is exact, in every odd time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir.calendar import Duration, add
from shared.fhir.instants import DAY, HOUR, Instant, from_datetime, parse_instant, to_datetime
from shared.segment.wall import ALWAYS, NEVER, Wall

ZONES = (
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Kolkata",
)
NEW_YORK = Wall(ZoneInfo("America/New_York"))
_START, _END = parse_instant("2009-01-01"), parse_instant("2022-01-01")
# Instants close to where clocks change and months end, as that is where arithmetic goes wrong.
_TELLING = [
    "2011-12-30T10:00:00Z",
    "2015-10-18T03:00:00Z",
    "2021-03-14T07:00:00Z",
    "2021-11-07T06:00:00Z",
    "2021-11-07T05:00:00Z",
    "2020-02-29T05:00:00Z",
    "2021-03-01T05:00:00Z",
    "2021-04-03T15:00:00Z",
    "2021-08-31T04:00:00Z",
]
instants = st.one_of(
    st.integers(_START, _END),
    st.builds(
        lambda t, d, m: parse_instant(t) + d * DAY + m,
        st.sampled_from(_TELLING),
        st.integers(-1, 1),
        st.one_of(st.integers(-2, 2), st.integers(-2 * HOUR, 2 * HOUR)),
    ),
).map(Instant)
walls = st.sampled_from(ZONES).map(lambda name: Wall(ZoneInfo(name)))
durations = st.builds(
    lambda sign, months, days, hours: Duration(sign * months, sign * days, sign * hours * HOUR),
    st.sampled_from([-1, 1]),
    st.integers(0, 25),
    st.integers(0, 40),
    st.integers(0, 30),
)


@settings(deadline=None, derandomize=True)
@given(walls, instants)
def test_reach_is_the_first_instant_that_shows_a_time(wall: Wall, instant: Instant):
    shown = wall.show(instant)
    first = wall.reach(shown)
    assert first <= instant
    assert wall.show(first) >= shown > wall.show(Instant(first - 1))


@settings(deadline=None, derandomize=True)
@given(walls, instants, instants, durations)
def test_edges_never_move_back(wall: Wall, one: Instant, other: Instant, by: Duration):
    early, late = sorted((one, other))
    assert wall.shift(early, by) <= wall.shift(late, by)


@settings(deadline=None, derandomize=True)
@given(walls, instants, durations)
def test_reaches_is_the_exact_inverse_of_shift(wall: Wall, edge: Instant, by: Duration):
    first = wall.reaches(edge, by)
    assert wall.shift(first, by) >= edge
    assert wall.shift(Instant(first - 1), by) < edge


@settings(deadline=None, derandomize=True)
@given(walls, instants, durations)
def test_an_edge_is_plain_arithmetic_at_its_furthest(wall: Wall, now: Instant, by: Duration):
    """Never behind what shared.fhir.calendar gives, and no further ahead than a day and an hour's change."""
    ahead = wall.shift(now, by) - add(now, by, wall.zone)
    longest = 2 * DAY if "Apia" in str(wall.zone) else DAY + 2 * HOUR
    assert -HOUR <= ahead <= longest


@pytest.mark.parametrize(
    ("now", "months", "edge"),
    [
        ("2021-08-15T10:00:00", -6, "2021-02-15T10:00:00"),
        ("2021-08-28T10:00:00", -6, "2021-02-28T10:00:00"),
        ("2021-08-31T10:00:00", -6, "2021-02-28T23:59:59.999999"),
        ("2020-08-31T10:00:00", -6, "2020-02-29T23:59:59.999999"),
        ("2024-02-29T10:00:00", -12, "2023-02-28T23:59:59.999999"),
        ("2024-02-29T10:00:00", 48, "2028-02-29T10:00:00"),
    ],
)
def test_a_day_that_the_month_lacks_is_the_end_of_the_month(now: str, months: int, edge: str):
    assert Wall(UTC).shift(parse_instant(now), Duration(months)) == parse_instant(edge)


def test_a_day_over_a_clock_change_is_the_same_time_of_day():
    before = parse_instant("2021-03-14T00:30:00", NEW_YORK.zone)
    assert to_datetime(NEW_YORK.shift(before, Duration(days=1)), NEW_YORK.zone).hour == 0
    assert NEW_YORK.shift(before, Duration(days=1)) - before == 23 * HOUR


def test_a_time_that_clocks_skip_is_when_they_do():
    skipped = datetime(2021, 3, 14, 2, 30)
    assert NEW_YORK.reach(skipped) == parse_instant("2021-03-14T07:00:00Z")


def test_an_hour_that_clocks_repeat_is_over_when_it_first_is():
    again = parse_instant("2021-11-07T06:30:00Z")
    assert NEW_YORK.show(again) == datetime(2021, 11, 7, 2) - timedelta(microseconds=1)


def test_midnight_may_be_skipped_as_well():
    sao_paulo = Wall(ZoneInfo("America/Sao_Paulo"))
    noon = parse_instant("2015-10-18T12:00:00", sao_paulo.zone)
    assert sao_paulo.midnight(noon) == parse_instant("2015-10-18T03:00:00Z")


def test_the_ends_of_the_calendar_are_never_and_always():
    end, begin = parse_instant("9999-12-31T12:00:00Z"), parse_instant("0001-01-02")
    wall = Wall(UTC)
    assert wall.shift(end, Duration(months=6)) == NEVER
    assert wall.reaches(end, Duration(months=-6)) == NEVER
    assert wall.shift(begin, Duration(days=-20)) == ALWAYS
    assert wall.reaches(begin, Duration(days=20)) == ALWAYS
    assert wall.midnight(end, 1) == NEVER
    assert from_datetime(datetime(1970, 1, 1, tzinfo=UTC)) == 0

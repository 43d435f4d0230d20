"""Durations and calendar arithmetic, across month ends and daylight-saving changes."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.calendar import Duration, add, at_clock, describe, first_zone, parse_clock, parse_duration
from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND, Instant, parse_instant, to_datetime

MADRID = ZoneInfo("Europe/Madrid")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "P1Y2M3W4DT5H6M7S",
            Duration(14, 25, 5 * HOUR + 6 * MINUTE + 7 * SECOND),
        ),
        ("P3D", Duration(days=3)),
        ("-P3D", Duration(days=-3)),
        ("+P1W", Duration(days=7)),
        ("PT0S", Duration()),
        ("PT1.25S", Duration(micros=1_250_000)),
        ("-PT2H", Duration(micros=-2 * HOUR)),
        ("P100Y", Duration(months=1200)),
    ],
)
def test_parses_durations(text: str, expected: Duration) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "3D", "P-3D", "P1H", "P1.5D", "PT1M2H", "P\u0661D", "P9999999999D"]
)
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["24:00", "9:00", "09:60", "0900", ""])
def test_refuses_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        parse_clock(text)


@pytest.mark.parametrize(
    ("start", "duration", "zone", "expected"),
    [
        ("2024-01-31T10:00:00Z", "P1M", UTC, "2024-02-29T10:00:00Z"),
        ("2023-01-31T10:00:00Z", "P1M", UTC, "2023-02-28T10:00:00Z"),
        ("2024-02-29T10:00:00Z", "P1Y", UTC, "2025-02-28T10:00:00Z"),
        ("2024-03-31T10:00:00Z", "-P1M", UTC, "2024-02-29T10:00:00Z"),
        ("2024-01-15T10:00:00Z", "-P1M", UTC, "2023-12-15T10:00:00Z"),
        ("2024-12-15T10:00:00Z", "P1M", UTC, "2025-01-15T10:00:00Z"),
        # Madrid springs forward on 2024-03-31: a day later is 23 hours later
        ("2024-03-30T09:00:00+01:00", "P1D", MADRID, "2024-03-31T09:00:00+02:00"),
        ("2024-03-30T09:00:00+01:00", "PT24H", MADRID, "2024-03-31T10:00:00+02:00"),
        # 02:30 does not exist that day: 03:30
        ("2024-03-30T02:30:00+01:00", "P1D", MADRID, "2024-03-31T03:30:00+02:00"),
        # and exists twice on 2024-10-27: the first
        ("2024-10-26T02:30:00+02:00", "P1D", MADRID, "2024-10-27T02:30:00+02:00"),
        ("2024-10-27T02:30:00+01:00", "PT1H", MADRID, "2024-10-27T03:30:00+01:00"),
        ("2024-11-02T12:00:00-04:00", "P1D", NEW_YORK, "2024-11-03T12:00:00-05:00"),
        # half an hour of daylight saving
        ("2024-10-05T12:00:00+10:30", "P1DT1H", LORD_HOWE, "2024-10-06T13:00:00+11:00"),
    ],
)
def test_adds_as_people_count(start: str, duration: str, zone: ZoneInfo, expected: str) -> None:
    assert add(parse_instant(start), parse_duration(duration), zone) == parse_instant(expected)


def test_no_calendar_part_leaves_the_second_of_two_equal_wall_times_alone() -> None:
    second = parse_instant("2024-10-27T02:30:00+01:00")
    assert add(second, Duration(), MADRID) == second


@pytest.mark.parametrize("text", ["P9000Y", "-P3000Y", "P999999999D", "PT99999999H"])
def test_outside_the_calendar_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        add(parse_instant("2024-01-01T00:00:00Z"), parse_duration(text), UTC)


def test_at_clock_is_the_same_local_day() -> None:
    moment = parse_instant("2024-03-31T23:30:00Z")  # already 1 April in Madrid
    assert at_clock(moment, parse_clock("09:00"), MADRID) == parse_instant("2024-04-01T09:00:00+02:00")


@pytest.mark.parametrize(
    ("text", "words"),
    [("P1D", "1 day"), ("-P2W", "14 days"), ("P1Y1M", "1 year 1 month"), ("PT2H30M", "2 hours 30 minutes")],
)
def test_describes(text: str, words: str) -> None:
    assert describe(parse_duration(text)) == words


instants = st.integers(0, 4_000_000_000).map(lambda s: Instant(s * SECOND))
zones = st.sampled_from([UTC, MADRID, NEW_YORK, LORD_HOWE, ZoneInfo("Asia/Kathmandu")])


@given(instants, st.integers(0, 4000), zones)
def test_days_keep_the_wall_clock_or_move_it_by_the_gap_only(
    start: Instant, days: int, zone: ZoneInfo
) -> None:
    moved = to_datetime(add(start, Duration(days=days), zone), zone).replace(tzinfo=None)
    plain = to_datetime(start, zone).replace(tzinfo=None)
    shift = (moved - plain).total_seconds() - days * 86_400
    assert shift in {0, 1800, 3600}


@given(instants, st.integers(0, 400), st.integers(0, 400), zones)
def test_longer_is_later(start: Instant, days: int, more: int, zone: ZoneInfo) -> None:
    shorter = add(start, Duration(days=days), zone)
    assert add(start, Duration(days=days + more + 1), zone) > shorter - HOUR
    assert abs(shorter - start - days * DAY) <= 2 * HOUR


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Europe/Madrid", "America/New_York"), MADRID),
        (("Mars/Olympus", "America/New_York"), NEW_YORK),
        (("../etc/passwd", "", "America"), UTC),
        ((), UTC),
    ],
)
def test_the_first_zone_that_is_known(names: tuple[str, ...], expected: ZoneInfo) -> None:
    assert first_zone(names, UTC) == expected

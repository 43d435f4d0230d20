"""Quiet hours against an oracle that walks the wall clocks minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir.instants import DAY, MINUTE, Instant, from_datetime, to_datetime
from shared.message.timing.hours import QuietHours
from shared.message.timing.quiet import opening

ZONES = (
    *("America/New_York", "America/Chicago", "America/St_Johns", "America/Havana", "America/Los_Angeles"),
    *("Europe/Berlin", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Beirut", "Africa/Cairo"),
    *("Australia/Eucla", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Pacific/Honolulu"),
    *("America/Asuncion", "Atlantic/Azores", "America/Nuuk"),
)
TRANSITIONS = tuple(
    datetime.fromisoformat(day).replace(tzinfo=UTC)
    for day in (
        *("2026-03-08", "2026-11-01", "2026-03-29", "2026-10-25", "2026-04-05", "2026-10-04"),
        *("2026-09-27", "2026-12-31", "2024-02-29", "2011-12-29", "2026-04-24", "2026-10-30"),
        *("2023-03-26", "2023-10-29", "2022-10-02"),
    )
)
SIGHT = 5 * DAY // 2
clocks = st.integers(0, 24 * 60).map(lambda m: f"{m // 60:02}:{m % 60:02}")
instants = st.one_of(
    st.builds(
        lambda day, m: day + timedelta(minutes=m), st.sampled_from(TRANSITIONS), st.integers(-2000, 2000)
    ),
    st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1)).map(
        lambda d: d.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
).map(from_datetime)
zone_sets = st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def quiets(draw: st.DrawFn) -> QuietHours:
    opens, closes = sorted(draw(st.lists(clocks, min_size=2, max_size=2, unique=True)))
    days = draw(st.frozensets(st.integers(0, 6), min_size=4))
    off = draw(
        st.lists(st.sampled_from(("2026-11-01", "2026-03-09", "2027-01-01", "2026-10-04")), max_size=2)
    )
    return QuietHours(opens, closes, days, holidays=tuple(off))


def walk(quiet: QuietHours, zone: ZoneInfo, now: Instant) -> set[Instant]:
    """Return the whole minutes from `now` on at which the hours allow a message, looking at every one.

    Which days have closed is noted on the way, from the day before.
    """
    closed, allowed = set(), set()
    opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in (quiet.opens, quiet.closes))
    for at in range(now - DAY, now + SIGHT + 1, MINUTE):
        local = to_datetime(Instant(at), zone)
        clock, day = local.hour * 60 + local.minute, local.date()
        if clock == 0:
            closed.add(day - timedelta(days=1))
        if clock >= closes:
            closed.add(day)
        if at >= now and clock >= opens and day not in closed and not off(quiet, day):
            allowed.add(Instant(at))
    return allowed


def off(quiet: QuietHours, day: date) -> bool:
    return day.isoformat() in quiet.holidays or day.weekday() not in quiet.days


@settings(max_examples=60, deadline=None)
@given(quiet=quiets(), zones=zone_sets, now=instants)
def test_it_is_the_first_minute_that_every_wall_clock_allows(
    quiet: QuietHours, zones: tuple[str, ...], now: Instant
) -> None:
    found = opening(quiet, zones, (), now)
    expected = set.intersection(*(walk(quiet, ZoneInfo(zone), now) for zone in zones))
    if expected:
        assert found.at == min(expected)
        assert not found.note
    else:
        assert found.note or found.at > now + SIGHT


@settings(max_examples=200, deadline=None)
@given(zone=st.sampled_from(ZONES), now=st.integers(1_700_000_000_000_000, 1_900_000_000_000_000))
def test_never_within_the_default_quiet_hours(zone: str, now: int) -> None:
    """At any microsecond: what comes out is within the hours, and at once exactly when now is."""
    found = opening(QuietHours(), (zone,), (), Instant(now))
    local, asked = (to_datetime(Instant(at), ZoneInfo(zone)) for at in (found.at, now))
    assert 8 <= local.hour < 21
    assert (found.at == now) == (8 <= asked.hour < 21)
    assert found.at - now < 12 * 60 * MINUTE
    assert bool(found.reason) == (found.at > now)

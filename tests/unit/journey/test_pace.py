"""Pace: never more than its limits in any rolling window; nobody waits while there is room; mistakes."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.authoring import parse_document
from shared.errors import Invalid
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, parse_instant, to_datetime
from shared.journey.pace import ENDLESS, Granted, Pace, allowance, forecast, last_of, next_room

ZONE = ZoneInfo("America/New_York")
MONDAY = parse_instant("2026-03-02T14:00:00Z")
"""Nine o'clock in New York."""


def pace(**said: object) -> Pace:
    return parse_document(Pace, said, "pace")


def problem(**said: object) -> str:
    with pytest.raises(Invalid) as caught:
        pace(**said)
    return str(caught.value)


paces = st.builds(
    lambda hour, day, in_all, hours: Pace.model_validate(
        {
            k: v
            for k, v in {
                "per_hour": hour,
                "per_day": day if day is None or hour is None else max(day, hour),
                "in_all": in_all,
                "hours": hours,
            }.items()
            if v
        }
        or {"per_hour": 3}
    ),
    st.none() | st.integers(1, 5),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(1, 30),
    st.sampled_from([None, {"from": "09:00", "until": "17:00"}, {"days": ["mon", "sat"], "from": "22:30"}]),
)
ticks = st.lists(
    st.tuples(st.integers(1, 90 * MINUTE) | st.sampled_from([1, MINUTE, HOUR, DAY]), st.integers(0, 6)),
    max_size=60,
)


@settings(max_examples=150)
@given(paces, ticks)
def test_never_more_than_the_limits_in_any_rolling_window(chosen: Pace, calls: list[tuple[int, int]]) -> None:
    """Whoever calls when, and however many wait: any sixty minutes, any day, and all together keep to it."""
    granted, now, let_in = Granted(), MONDAY, list[Instant]()
    for passes, waiting in calls:
        now = Instant(now + passes)
        count = min(allowance(chosen, granted, now, ZONE), waiting)
        granted = granted.granting(count, now)
        let_in += [now] * count
        assert not count or chosen.hours is None or chosen.hours.open_at(now, ZONE)
    for limit, window in ((chosen.per_hour, HOUR), (chosen.per_day, DAY), (chosen.in_all, 10**18)):
        for last in let_in:
            assert limit is None or sum(last - window < at <= last for at in let_in) <= limit
    assert granted.total == len(let_in)


@settings(max_examples=150)
@given(paces, st.lists(st.tuples(st.integers(MINUTE, 3 * HOUR), st.integers(0, 6)), max_size=40))
def test_nobody_waits_while_there_is_room(chosen: Pace, calls: list[tuple[int, int]]) -> None:
    """Called at most once a minute, as by the timer, it lets in all that an exact count would."""
    granted, now, let_in = Granted(), MONDAY, list[Instant]()
    for passes, waiting in calls:
        now = Instant(now + passes)
        room = min(
            ENDLESS if chosen.per_hour is None else chosen.per_hour - sum(at > now - HOUR for at in let_in),
            ENDLESS if chosen.per_day is None else chosen.per_day - sum(at > now - DAY for at in let_in),
            ENDLESS if chosen.in_all is None else chosen.in_all - len(let_in),
        )
        room = max(room, 0) if chosen.hours is None or chosen.hours.open_at(now, ZONE) else 0
        assert allowance(chosen, granted, now, ZONE) == room
        granted = granted.granting(min(room, waiting), now)
        let_in += [now] * min(room, waiting)


@settings(max_examples=150)
@given(paces, ticks, st.integers(0, 10**6))
def test_the_next_room_is_the_first(chosen: Pace, calls: list[tuple[int, int]], part: int) -> None:
    granted, now = Granted(), MONDAY
    for passes, waiting in calls:
        now = Instant(now + passes)
        granted = granted.granting(min(allowance(chosen, granted, now, ZONE), waiting), now)
    room = next_room(chosen, granted, now, ZONE)
    if room is None:
        assert granted.total == chosen.in_all
        return
    assert allowance(chosen, granted, room, ZONE) > 0
    between = Instant(now + (room - now) * part // 10**6)
    assert between == room or allowance(chosen, granted, between, ZONE) == 0


@given(paces, st.lists(st.integers(0, 2 * HOUR), max_size=40))
def test_a_forecast_is_in_order_and_within_the_limits(chosen: Pace, gaps: list[int]) -> None:
    arrivals, at = [], MONDAY
    for gap in gaps:
        at = Instant(at + gap)
        arrivals.append(at)
    times = list(forecast(chosen, Granted(), iter(arrivals), ZONE))
    known = [time for time in times if time is not None]
    assert times == known + [None] * (len(times) - len(known))
    assert all(one <= other for one, other in pairwise(known))
    assert all(time >= arrival for time, arrival in zip(known, arrivals, strict=False))
    assert len(known) == min(len(arrivals), chosen.in_all or ENDLESS)
    for limit, window in ((chosen.per_hour, HOUR), (chosen.per_day, DAY)):
        assert all(limit is None or sum(t - window < at <= t for at in known) <= limit for t in known)


@given(paces, st.integers(0, 40))
def test_the_last_of_many_is_let_in_when_the_forecast_says(chosen: Pace, count: int) -> None:
    times = list(forecast(chosen, Granted(), iter([MONDAY] * count), ZONE))
    expected = MONDAY if not times else times[-1]
    assert last_of(chosen, Granted(), count, MONDAY, ZONE) == expected


def test_its_memory_is_bounded_by_the_minutes_of_a_day() -> None:
    granted = Granted()
    for second in range(0, 3 * 86_400, 20):
        granted = granted.granting(1, Instant(MONDAY + second * 1_000_000))
    assert len(granted.recent) <= 1441
    assert granted.total == 3 * 86_400 // 20


def test_a_clock_that_is_behind_makes_no_room() -> None:
    """Two instances may differ by seconds: what the other granted counts all the same."""
    granted = Granted().granting(2, Instant(MONDAY + 5)).granting(1, MONDAY)
    assert granted.since(Instant(MONDAY + 4)) == 3


def test_business_hours_over_a_change_to_daylight_saving() -> None:
    """Sunday 8 March 2026 has 23 hours in New York; on Monday the doors open at nine all the same."""
    chosen = pace(hours={"days": ["mon", "fri"], "from": "09:00", "until": "17:00"})
    friday = parse_instant("2026-03-06T22:00:00Z")
    assert allowance(chosen, Granted(), friday, ZONE) == 0
    opens = next_room(chosen, Granted(), friday, ZONE)
    assert opens is not None
    assert to_datetime(opens, ZONE).isoformat() == "2026-03-09T09:00:00-04:00"


def test_capacity_counts_what_is_still_open() -> None:
    chosen = pace(capacity={"service_type": ["mammogram"]})
    assert allowance(chosen, Granted(), MONDAY, ZONE, free_slots=5, open_invitations=3) == 2
    assert allowance(chosen, Granted(), MONDAY, ZONE, free_slots=2, open_invitations=3) == 0
    double = pace(capacity={"service_type": ["mammogram"], "per_slot": 1.5}, per_hour=4)
    assert allowance(double, Granted(), MONDAY, ZONE, free_slots=5, open_invitations=2) == 4
    assert allowance(double, Granted(), MONDAY, ZONE, free_slots=3, open_invitations=2) == 2
    assert allowance(double, Granted(), MONDAY, ZONE) == 4


def test_mistakes_are_told() -> None:
    assert "at least one of per_hour, per_day, in_all, hours, capacity" in problem()
    assert "per_hour: Input should be greater than or equal to 1" in problem(per_hour=0)
    assert "per_day is less than per_hour" in problem(per_hour=5, per_day=4)
    assert "hours: until is not after from" in problem(hours={"from": "17:00", "until": "09:00"})
    assert "hours: needs days, from or until" in problem(hours={})
    assert "nobody could ever be let in" in problem(hours={"days": []})
    assert "hours.days[0]: is none of those allowed" in problem(hours={"days": ["monday"]})
    assert "which slots" in problem(capacity={"within": "P7D"})
    assert "within is longer than nothing" in problem(capacity={"specialty": ["x"], "within": "-P7D"})
    assert "schedule names resources" in problem(capacity={"schedule": ["1"]})
    assert "capacity.service_type[0]: is not written as it must be" in problem(
        capacity={"service_type": ["a,b"]}
    )
    assert "per_minute: is not known here" in problem(per_minute=1)

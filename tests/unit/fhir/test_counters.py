"""Event numbers: what never came is known until it comes, whatever the order, and a restart is told once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.counters import (
    MOST_RANGES,
    Backwards,
    Counter,
    Duplicate,
    Finding,
    Gap,
    observe,
    recovered,
    recovery,
)
from shared.fhir.instants import Instant
from shared.fhir.notification import Notification, Recover


def told(
    *numbers: int, total: int | None = None, at: int | None = None, kind: str = "events"
) -> Notification:
    return Notification(
        kind, "subscription", "s", None, numbers, total, at=None if at is None else Instant(at)
    )


def run(*notifications: Notification, counter: Counter | None = None) -> tuple[Counter, list[Finding]]:
    counter, found = counter or Counter(), []
    for notification in notifications:
        counter, findings = observe(counter, notification)
        found += findings
    return counter, found


def missing(counter: Counter) -> set[int]:
    return {number for first, last in counter.missing for number in range(first, last + 1)}


def test_in_order_nothing_is_found() -> None:
    handshake = told(total=0, kind="handshake")
    counter, found = run(handshake, told(1, total=1), told(2, 3, total=3), told(total=3, kind="heartbeat"))
    assert (counter.highest, counter.missing, found) == (3, (), [])


def test_a_gap_is_found_once_and_missing_until_seen() -> None:
    counter, found = run(told(1), told(5), told(6), told(3))
    assert found == [Gap(2, 4)]
    assert counter.missing == ((2, 2), (4, 4))
    counter, found = run(told(2), told(4), counter=counter)
    assert (counter.missing, found) == ((), [])


def test_a_heartbeat_tells_of_events_that_never_came() -> None:
    assert run(told(1, total=1), told(total=4, kind="heartbeat"))[1] == [Gap(2, 4)]


def test_the_total_tells_of_events_beyond_those_named() -> None:
    assert run(told(1, total=3))[1] == [Gap(2, 3)]


def test_what_was_seen_is_a_duplicate() -> None:
    assert run(told(1), told(2), told(1), told(1, 2))[1] == [Duplicate(), Duplicate()]


def test_what_carries_no_numbers_changes_nothing() -> None:
    before = Counter(7, ((2, 2),))
    assert observe(before, told()) == (before, ())


def test_a_recovered_gap_is_struck() -> None:
    counter, _ = run(told(10))
    assert recovered(counter, 1, 4).missing == ((5, 9),)


def test_a_restart_is_found_once() -> None:
    counter, found = run(told(1000, total=1000, at=10), told(1, total=1, at=20), told(2, total=2, at=30))
    assert found == [Gap(1, 999), Backwards(1000, 1)]
    assert (counter.highest, counter.missing, counter.starts) == (2, (), 1)


def test_a_handshake_that_counts_from_nothing_is_a_restart_however_near() -> None:
    counter, found = run(told(1, at=1), told(2, at=2), told(total=0, at=3, kind="handshake"))
    assert found == [Backwards(2, 0)]
    assert counter.highest == 0


def test_a_late_notification_is_no_restart() -> None:
    counter, found = run(told(1000, at=1000), told(3, total=3, at=3))
    assert found == [Gap(1, 999)]
    assert 3 not in missing(counter)


def test_one_from_before_the_restart_is_not_counted() -> None:
    counter, found = run(told(1000, at=10), told(1, at=20), told(999, total=999, at=9))
    assert found == [Gap(1, 999), Backwards(1000, 1)]
    assert counter.highest == 1


def test_without_times_only_far_behind_is_a_restart() -> None:
    assert run(told(150), told(60))[1] == [Gap(1, 149)]
    assert run(told(150), told(49))[1] == [Gap(1, 149), Backwards(150, 49), Gap(1, 48)]


def test_findings_say_where_to_look() -> None:
    before = Counter(3, latest=Instant(7))
    assert recovery(Gap(4, 6), "s", before) == Recover("gap", "s", 4, 6, Instant(7))
    assert recovery(Backwards(3, 0), "s", before) == Recover("backwards", "s", since=Instant(7))
    assert recovery(Duplicate(), "s", before) is None


def test_a_gap_of_any_size_costs_the_same() -> None:
    assert run(told(2**62))[0].missing == ((1, 2**62 - 1),)


def test_many_gaps_are_kept_in_bounds_and_lose_nothing() -> None:
    counter, _ = run(*(told(number) for number in range(2, 2000, 2)))
    assert len(counter.missing) <= MOST_RANGES
    assert missing(counter) >= set(range(1, 1999, 2))


@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=4), max_size=40), st.integers(0, 3))
def test_in_any_order_and_however_often_what_is_missing_is_known(
    deliveries: list[list[int]], more: int
) -> None:
    """Within the reordering window: missing is exactly what lies below the highest and was never seen."""
    counter, seen, reach, found = Counter(), set(), 0, set()
    for numbers in deliveries:
        total = max(numbers) + more
        counter, findings = observe(counter, told(*numbers, total=total))
        seen |= set(numbers)
        reach = max(reach, total)
        assert counter.highest == reach
        assert missing(counter) == set(range(1, reach + 1)) - seen
        for finding in findings:
            assert not isinstance(finding, Backwards)
            if isinstance(finding, Gap):
                gap = set(range(finding.first, finding.last + 1))
                assert not gap & found
                found |= gap
    assert missing(counter) <= found


@given(
    st.integers(200, 400),
    st.lists(st.integers(1, 50), min_size=1, max_size=20, unique=True),
    st.lists(st.integers(1, 400), max_size=10),
)
def test_a_restart_is_told_once_amid_late_ones(highest: int, anew: list[int], late: list[int]) -> None:
    """Times tell the late ones of the first count from the restart, whatever their numbers."""
    history = [told(highest, total=highest, at=1000)]
    for step, number in enumerate(sorted(anew)):
        history.append(told(number, total=number, at=2000 + step))
        history += [told(one, total=one, at=one) for one in late if one % len(anew) == step]
    counter, found = run(*history)
    assert [type(finding) for finding in found].count(Backwards) == 1
    assert counter.highest == max(anew)
    assert missing(counter) == set(range(1, max(anew) + 1)) - set(anew)

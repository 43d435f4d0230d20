"""Caps: rolling windows over all channels, with priority; nothing goes above one, whatever happens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir.choice import PURPOSES, Purpose
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant
from shared.message.timing.caps import Cap, CapHit, over
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from tests.unit.message.timing.timing_kit import NOW, message, policy, record, sent

MARKETING = Cap(frozenset({"marketing"}), 2, 7 * DAY)
ALL = Cap(frozenset(PURPOSES), 2, 7 * DAY)
OURS = message(99, purpose="marketing")


def ago(length: int) -> Instant:
    return Instant(NOW - length)


def hit(held: PatientRecord, asked: Message = OURS, *caps: Cap) -> CapHit | None:
    return over(held, asked, policy(*(caps or (MARKETING,))), NOW)


class TestWindow:
    """It ends at the very microsecond at which the oldest message has left it."""

    def test_below(self) -> None:
        assert hit(record(sent(1, ago(DAY)))) is None

    def test_at_it(self) -> None:
        found = hit(record(sent(1, ago(2 * DAY)), sent(2, ago(DAY))))
        assert found == CapHit(
            "frequency cap: 2 marketing messages within 7 days", Instant(NOW + 5 * DAY), "defer"
        )

    @pytest.mark.parametrize(("age", "free"), [(7 * DAY - 1, False), (7 * DAY, True), (7 * DAY + 1, True)])
    def test_boundary(self, age: int, free: bool) -> None:
        assert (hit(record(sent(1, ago(age)), sent(2, ago(DAY)))) is None) == free

    def test_until_is_when_it_is_free(self) -> None:
        held = record(sent(1, ago(2 * DAY)), sent(2, ago(DAY)), sent(3, ago(HOUR)))
        found = hit(held)
        assert found is not None
        assert found.until == NOW + 6 * DAY  # three are there: two must have left
        for at, free in ((found.until - 1, False), (found.until, True)):
            assert (over(held, OURS, policy(MARKETING), Instant(at)) is None) == free

    def test_to_drop_has_no_end(self) -> None:
        cap = Cap(frozenset({"marketing"}), 1, DAY, "drop")
        assert hit(record(sent(1, ago(HOUR))), OURS, cap) == CapHit(
            "frequency cap: 1 marketing message within 1 day", None, "drop"
        )

    def test_of_two_caps_the_one_that_drops_else_the_longer_wait(self) -> None:
        held = record(sent(1, ago(2 * DAY)), sent(2, ago(HOUR)))
        short, long = Cap(frozenset({"marketing"}), 1, DAY), Cap(frozenset({"marketing"}), 1, 9 * DAY)
        drops = Cap(frozenset({"marketing"}), 2, 3 * DAY, "drop")
        assert (found := hit(held, OURS, short, long)) is not None
        assert found.until == NOW - HOUR + 9 * DAY
        assert (found := hit(held, OURS, long, drops)) is not None
        assert found.then == "drop"


class TestWhatCounts:
    """All channels, whoever got it; not answers, nor what went within another."""

    def test_every_channel_and_party(self) -> None:
        held = record(sent(1, ago(DAY), channel="email"), sent(2, ago(HOUR), party="RelatedPerson/1"))
        assert hit(held) is not None

    @pytest.mark.parametrize("status", ["in-progress", "unknown"])
    def test_what_may_have_been_sent(self, status: str) -> None:
        going = message(2, purpose="marketing", status=status, first_sent=ago(HOUR))
        assert hit(record(sent(1, ago(DAY)), going)) is not None

    def test_one_that_is_known_twice_counts_once(self) -> None:
        again = sent(1, ago(DAY))
        held = record(again)
        twice = PatientRecord("k", "p1", messages={again.message_id: again}, facts=held.facts)
        assert over(twice, OURS, policy(MARKETING), NOW) is None

    def test_answers_and_carried_ones_do_not(self) -> None:
        held = record(
            *(sent(n, ago(HOUR), answers="reply-1") for n in (1, 2)),
            *(sent(n, ago(HOUR), carried_by="k/m9") for n in (3, 4)),
            message(5, purpose="marketing", status="in-progress", first_sent=ago(HOUR), answers="reply-2"),
        )
        assert hit(held) is None

    def test_nor_are_they_counted_against(self) -> None:
        held = record(sent(1, ago(DAY)), sent(2, ago(HOUR)))
        assert hit(held, message(9, purpose="marketing", answers="reply-1")) is None
        assert hit(held, message(9, purpose="marketing", carried_by="k/m1")) is None

    def test_other_purposes_are_no_matter(self) -> None:
        assert hit(record(*(sent(n, ago(HOUR), "care") for n in range(5)))) is None
        assert hit(record(sent(1, ago(DAY)), sent(2, ago(HOUR))), message(9)) is None

    def test_what_was_never_sent(self) -> None:
        assert hit(record(message(1, purpose="marketing"), message(2, purpose="marketing"))) is None

    def test_a_message_is_not_in_its_own_way(self) -> None:
        cap = Cap(frozenset({"marketing"}), 1, DAY)
        claimed = message(99, purpose="marketing", status="in-progress", first_sent=NOW)
        assert hit(record(claimed), claimed, cap) is None


class TestPriority:
    """Care before operations before research before marketing."""

    @pytest.mark.parametrize("before", PURPOSES)
    @pytest.mark.parametrize("asked", PURPOSES)
    def test_only_what_matters_as_much_blocks(self, before: Purpose, asked: Purpose) -> None:
        held = record(sent(1, ago(DAY), before), sent(2, ago(HOUR), before))
        blocked = PURPOSES.index(before) <= PURPOSES.index(asked)
        assert (hit(held, message(9, purpose=asked), ALL) is not None) == blocked

    def test_care_to_come_holds_its_place(self) -> None:
        soon = message(2, at=Instant(NOW + DAY - 1))
        found = hit(record(sent(1, ago(DAY)), soon), OURS, ALL)
        assert found is not None
        assert found.reason == (
            "frequency cap: 2 care, operations, research, marketing messages within 7 days, "
            "1 of them still to be sent"
        )
        assert found.until == NOW + 6 * DAY

    def test_what_only_counts_is_not_held_back(self) -> None:
        cap = Cap(frozenset({"marketing"}), 1, DAY, counts=frozenset({"care"}))
        held = record(sent(1, ago(HOUR), "care"))
        found = hit(held, OURS, cap)
        assert found is not None
        assert found.reason == "frequency cap: 1 care, marketing message within 1 day"
        assert hit(held, message(9), cap) is None
        assert hit(record(sent(1, ago(HOUR), "operations")), OURS, cap) is None

    @pytest.mark.parametrize(
        "other",
        [
            message(2, at=Instant(NOW + DAY)),  # not within a day
            message(2, at=NOW, expires=NOW),  # will not be sent
            message(2, at=NOW, answers="reply-1"),
            message(2, purpose="marketing"),  # matters no more
        ],
    )
    def test_others_to_come_do_not(self, other: Message) -> None:
        assert hit(record(sent(1, ago(DAY)), other), OURS, ALL) is None

    def test_places_that_are_all_held_come_free_after_the_last(self) -> None:
        held = record(*(message(n, at=Instant(NOW + n * HOUR)) for n in (1, 2, 3)))
        found = hit(held, OURS, ALL)
        assert found is not None
        assert found.until == NOW + 2 * HOUR + 7 * DAY


WINDOWS = st.sampled_from((DAY, 3 * DAY, 7 * DAY))
a_cap = st.builds(
    Cap, st.frozensets(st.sampled_from(PURPOSES), min_size=1), st.integers(1, 3), WINDOWS,
    st.sampled_from(("defer", "drop")),
)  # fmt: skip
moves = st.lists(st.tuples(st.integers(0, 2 * DAY), st.sampled_from(PURPOSES)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(caps=st.lists(a_cap, min_size=1, max_size=3), played=moves)
def test_never_above_a_cap(caps: list[Cap], played: list[tuple[int, Purpose]]) -> None:
    """Whatever is sent as soon as it may: no window has more than `most` that matter as much as its last."""
    now, gone = NOW, []
    for number, (later, purpose) in enumerate(played):
        now = Instant(now + later)
        if over(record(*gone), message(number, purpose=purpose, at=now), policy(*caps), now) is None:
            gone.append(sent(number, now, purpose))
    for cap in caps:
        for number, last in enumerate(gone):
            if last.purpose in cap.purposes:
                assert sum(_counts(cap, m, last) for m in gone[: number + 1]) <= cap.most


def _counts(cap: Cap, before: Message, last: Message) -> bool:
    """Say whether one message takes up room for another that was sent later, or is it."""
    as_much = PURPOSES.index(before.purpose) <= PURPOSES.index(last.purpose)
    return before.purpose in cap.purposes and as_much and last.due < before.due + cap.window


@settings(max_examples=150, deadline=None)
@given(cap=a_cap, played=moves, asked=st.sampled_from(PURPOSES))
def test_there_is_room_at_until_and_not_before(
    cap: Cap, played: list[tuple[int, Purpose]], asked: Purpose
) -> None:
    now, gone = NOW, []
    for number, (later, purpose) in enumerate(played):
        now = Instant(now + later)
        gone.append(sent(number, now, purpose))
    held, ours = record(*gone), message(99, purpose=asked)
    found = over(held, ours, policy(cap), now)
    if found is not None and found.until is not None:
        assert over(held, ours, policy(cap), found.until) is None
        assert over(held, ours, policy(cap), Instant(found.until - 1)) is not None


def test_minutes_are_said_too() -> None:
    cap = Cap(frozenset({"marketing"}), 1, 90 * MINUTE)
    found = hit(record(sent(1, ago(HOUR))), OURS, cap)
    assert found is not None
    assert found.reason == "frequency cap: 1 marketing message within 1 hour 30 minutes"

"""Answers, lost claims and reports: what becomes of a claimed message, in any order, any number of times."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.events import ClaimsAbandoned, DeliveryReported, SendDue, SendSettled
from shared.fhir.instants import DAY, HOUR, MINUTE, SECOND, Instant
from shared.message import delivery
from shared.message.guard import claim
from shared.message.plan import plan
from shared.message.policy import Policy
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from tests.unit.message.kit import NOW, POLICY, Intent, record, templates

RANK = ["sent", "failed", "delivered", "opened", "clicked"]


def in_progress(channel: str = "sms") -> PatientRecord:
    held = plan(record(), Intent(channels=(channel,)), templates(), POLICY, NOW).record
    [message] = held.messages.values()
    return claim(held, SendDue(message.message_id, "t1"), templates(), POLICY, NOW).record


def only(held: PatientRecord) -> Message:
    [message] = held.messages.values()
    return message


def settled(held: PatientRecord, outcome: str, **more: object) -> delivery.Handled:
    return delivery.settle(held, SendSettled(only(held).message_id, outcome, **more), NOW)  # type: ignore[arg-type]


def reported(held: PatientRecord, status: str, message: Message | None = None) -> delivery.Handled:
    key = message.message_id if message else only(held).message_id
    return delivery.report(held, message, DeliveryReported(key, status, NOW, "why"), NOW)  # type: ignore[arg-type]


def test_accepted_is_completed_and_waits_for_its_report() -> None:
    message = only(settled(in_progress(), "accepted", provider_id="p").record)
    assert (message.status, message.delivery, message.provider_id) == ("completed", "sent", "p")


def test_refused_leaves_the_record_with_the_reason() -> None:
    done = settled(in_progress(), "refused", reason="not a valid number")
    assert not done.record.messages
    assert (done.messages[0].status, done.messages[0].status_reason) == ("not-done", "not a valid number")


@pytest.mark.parametrize(
    ("attempts", "retry_after", "wait"),
    [
        (1, None, 30),
        (2, None, 60),
        (3, None, 120),
        (1, 45.0, 45),
        (1, 10.0, 30),
        (7, None, 1920),
        (40, None, 3600),
        (40, 7200.0, 7200),
    ],
)
def test_deferred_waits_longer_each_time(attempts: int, retry_after: float | None, wait: int) -> None:
    held = in_progress()
    tried = replace(held, messages={only(held).message_id: replace(only(held), attempts=attempts)})
    event = SendSettled(only(held).message_id, "deferred", retry_after=retry_after)
    message = only(delivery.settle(tried, event, NOW, Policy(most_attempts=99)).record)
    assert (message.status, message.due) == ("preparation", NOW + wait * SECOND)
    assert (message.first_sent, message.claimed_by, message.claimed_at) == (None, "", None)


def test_what_was_held_back_without_a_call_was_no_try() -> None:
    """A channel that rests for a while wears out nobody's tries, however often it is asked meanwhile."""
    held = in_progress()
    event = SendSettled(only(held).message_id, "deferred", retry_after=60.0, held=True)
    message = only(delivery.settle(held, event, NOW, Policy(most_attempts=1)).record)
    assert (message.status, message.attempts, message.due) == ("preparation", 0, NOW + 60 * SECOND)


def test_what_is_deferred_is_carried_and_carries_no_more() -> None:
    held = in_progress()
    bundled = replace(only(held), carried_by="k/c", carries=("k2/d",))
    held = replace(held, messages={bundled.message_id: bundled})
    message = only(delivery.settle(held, SendSettled(bundled.message_id, "deferred"), NOW).record)
    assert (message.carried_by, message.carries) == ("", ())


def test_deferred_too_often_is_given_up() -> None:
    held = in_progress()
    done = delivery.settle(held, SendSettled(only(held).message_id, "deferred"), NOW, Policy(most_attempts=1))
    assert (done.messages[0].status, done.messages[0].status_reason) == ("not-done", "provider unavailable")


def test_unknown_is_shown_and_never_claimed_again() -> None:
    held = settled(in_progress(), "unknown", reason="timed out").record
    assert (only(held).status, only(held).status_reason) == ("unknown", "timed out")
    assert claim(held, SendDue(only(held).message_id, "t2"), templates(), POLICY, NOW).record is held
    assert settled(held, "deferred").record is held
    assert settled(held, "unknown").record is held


def test_a_late_answer_still_counts_for_an_unknown_one() -> None:
    held = settled(in_progress(), "unknown").record
    assert only(settled(held, "accepted", provider_id="p").record).status == "completed"


def test_abandoning_is_for_the_same_trigger_only() -> None:
    held = in_progress()
    assert delivery.abandon(held, ClaimsAbandoned("other"), NOW).record is held
    given_up = delivery.abandon(held, ClaimsAbandoned("t1"), NOW)
    assert only(given_up.record).status == "unknown"
    assert delivery.abandon(given_up.record, ClaimsAbandoned("t1"), NOW).record is given_up.record


def test_claims_expire_at_the_end_of_the_lease() -> None:
    held = in_progress()
    assert delivery.expire(held, Instant(NOW + 15 * MINUTE - 1)).record is held
    assert only(delivery.expire(held, Instant(NOW + 15 * MINUTE)).record).status == "unknown"
    assert only(delivery.expire(held, Instant(NOW + MINUTE), MINUTE).record).status == "unknown"


def test_answers_and_reports_for_messages_that_are_not_there_change_nothing() -> None:
    held = record()
    assert delivery.settle(held, SendSettled("x", "accepted"), NOW).record is held
    assert delivery.report(held, None, DeliveryReported("x", "delivered", NOW), NOW).record is held
    assert delivery.expire(held, NOW).record is held


def test_a_report_settles_an_unknown_message() -> None:
    held = settled(in_progress(), "unknown").record
    done = reported(held, "delivered")
    assert (done.messages[0].status, done.messages[0].delivery) == ("completed", "delivered")
    assert not done.record.messages


def test_a_failed_report_keeps_the_reason_and_a_later_delivered_wins() -> None:
    failed = reported(settled(in_progress(), "accepted").record, "failed")
    assert only(failed.record).status_reason == "why"
    delivered = reported(failed.record, "delivered")
    assert (delivered.messages[0].delivery, delivered.messages[0].status_reason) == ("delivered", "")
    after = reported(delivered.record, "failed", delivered.messages[0])
    assert after.record is delivered.record
    assert after.messages == ()


def test_a_report_faster_than_the_answer() -> None:
    fast = reported(in_progress("email"), "delivered").record
    late = settled(fast, "accepted", provider_id="p")
    assert (only(late.record).delivery, only(late.record).provider_id) == ("delivered", "p")
    assert settled(late.record, "accepted", provider_id="p").record is late.record
    assert settled(late.record, "refused", reason="no").record is late.record


@pytest.mark.parametrize("order", list(permutations(["failed", "delivered", "opened", "clicked"])))
def test_reports_in_any_order_end_at_the_highest(order: tuple[str, ...]) -> None:
    held, latest = settled(in_progress("email"), "accepted").record, None
    for status in order:
        done = reported(held, status, latest or only(held))
        held, latest = done.record, done.messages[0] if done.messages else latest
    assert latest is not None
    assert latest.delivery == "clicked"


def test_a_report_finds_a_message_that_the_record_has_forgotten() -> None:
    held = settled(in_progress("email"), "accepted").record
    message = only(held)
    assert delivery.forget(held, Instant(NOW + 3 * DAY - HOUR)) is held
    forgotten = delivery.forget(held, Instant(NOW + 3 * DAY))
    assert not forgotten.messages
    done = reported(forgotten, "opened", message)
    assert done.record is forgotten
    assert [m.delivery for m in done.messages] == ["opened"]


@given(
    st.lists(
        st.sampled_from(
            [
                "accepted",
                "refused",
                "deferred",
                "unknown",
                "delivered",
                "failed",
                "opened",
                "abandon",
                "expire",
                "claim",
            ]
        ),
        max_size=12,
    )
)
def test_whatever_comes_delivery_only_rises_and_what_is_over_stays_over(happenings: list[str]) -> None:
    held = in_progress("email")
    message, now, claims = only(held), NOW, 1
    over = False
    for what in happenings:
        now = Instant(now + HOUR)
        if what in ("accepted", "refused", "deferred", "unknown"):
            done = delivery.settle(held, SendSettled(message.message_id, what), now)  # type: ignore[arg-type]
        elif what == "abandon":
            done = delivery.abandon(held, ClaimsAbandoned("t1"), now)
        elif what == "expire":
            done = delivery.expire(held, now)
        elif what == "claim":
            claimed = claim(held, SendDue(message.message_id, "t1"), templates(), POLICY, now)
            done = delivery.Handled(claimed.record, (), (claimed.message,) if claimed.message else ())
            if claimed.effect:
                claims += 1
                assert message.status == "preparation"
        else:
            done = delivery.report(held, message, DeliveryReported(message.message_id, what, now), now)  # type: ignore[arg-type]
        held = done.record
        for after in done.messages:
            before = RANK.index(message.delivery) if message.delivery else -1
            assert (RANK.index(after.delivery) if after.delivery else -1) >= before
            assert not (over and after.status in ("preparation", "in-progress"))
            message = after
            over = over or after.status in ("completed", "not-done", "unknown")
    assert claims == message.attempts

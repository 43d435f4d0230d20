"""What the machine of random journeys has found, each told as the short story that it shrank to."""

from __future__ import annotations

from typing import Any

import pytest

from shared.decide import decide
from shared.effects import WriteResource
from shared.events import (
    EffectRefused,
    EnrolAsked,
    EnrolmentAsked,
    EntryGranted,
    Event,
    InboundReceived,
    RecordMerged,
    ResourceChanged,
)
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.journey.controls import Controls
from tests.unit.journey.machine_life import PERSON, PHONE, Life
from tests.unit.journey.random_steps import ILL, JOURNEYS, NEEDY, TEMPLATE

URL = JOURNEYS[0]
DAY_LONG = {"id": "day", "kind": "wait", "duration": "P1D"}
TASK = {"id": "call", "kind": "task", "title": "Call"}
BOOKED = {"instant": {"of": {"type": "Appointment", "status": ["booked"]}, "offset": "-P2D"}}
BIRTHDAY = {"date": {"of": "birth-date"}}
SEND = {"id": "tell", "kind": "send", "template": TEMPLATE, "channels": ["sms"]}


def life(*steps: dict[str, Any], **more: Any) -> Life:
    """Publish one journey, and know the patient."""
    body = {"url": URL, "version": "1", "title": "J", "trigger": {"manual": True}, "steps": list(steps)}
    made = Life([{"re_entry": "after-exit", **body, **more}])
    made.happen(ResourceChanged(PERSON))
    return made


def ask(cause: str, **more: Any) -> EnrolAsked:
    return EnrolAsked(URL, cause, "asked for", **more)


def visit(made: Life, name: str, days: int, **more: Any) -> Event:
    start = Instant(made.now + days * DAY)
    stay = {"status": "booked", "start": start, "end": Instant(start + HOUR)}
    return ResourceChanged(Fact("Appointment", name, str(len(made.lived)), made.now, **(stay | more)))


def said(made: Life) -> list[str]:
    return [line.text for line in made.watch.told]


def test_an_asking_is_heard_once_whoever_was_asked_in_since() -> None:
    """The queue brings the first campaign's job again after the second has had its turn."""
    made = life(SEND)
    made.happen(ask("run-1"))
    made.happen(ask("run-2"))
    made.happen(ask("run-1"))
    assert len(made.sent) == 2


def test_who_is_not_let_in_is_told_of_once() -> None:
    made = life(SEND, entry_window={"until": "2026-01-01T00:00:00Z"})
    made.happen(ask("run-1"))
    made.happen(ask("run-1"))
    assert [text for text in said(made) if text.startswith("Not entered")] == [
        "Not entered J: it has taken nobody in since 2025-12-31 19:00 EST"
    ]


def test_a_journey_that_starts_itself_writes_once_in_a_call() -> None:
    made = life(SEND, {"id": "again", "kind": "start", "journey": URL})
    made.happen(ask("run-1"))
    assert len(made.sent) == 2  # who was asked for, and who was started once
    assert said(made).count("Not started again at once: J starts itself") == 1


def test_nobody_enters_once_it_is_over() -> None:
    made = life(DAY_LONG, exit_when={"until": "2026-03-02T00:00:00Z"})
    made.sleep(Instant(made.now + 2 * DAY))
    made.happen(ask("late"))
    assert not made.record.enrolments
    assert said(made)[-1] == "Not entered J: it is over, as of 2026-03-01 19:00 EST"


def test_an_opt_out_that_a_merge_brings_ends_what_an_opt_out_ends() -> None:
    made = life(SEND, DAY_LONG, exit_when={"opted_out": True})
    made.happen(ask("run-1"))
    made.happen(RecordMerged("p0", (("sms", PHONE, made.now),)))
    assert not made.record.enrolments
    assert said(made)[-1] == "Left J: the patient has opted out of every channel it uses"


def test_a_new_version_takes_nobody_in_again_for_the_membership_that_brought_them_in_before() -> None:
    """Somebody else brought them in since, so that it was not the last cause."""
    member = {"trigger": {"segment_member": {"segment": ILL}}}
    made = life(SEND, **member)
    made.happen(ResourceChanged(Fact("Condition", "c", "1", made.now)))
    made.happen(ask("run-1"))
    made.publish({"url": URL, "title": "J", "re_entry": "after-exit", "steps": [SEND], **member})
    made.sleep(Instant(made.now + DAY))
    made.happen(ask("run-2"))
    assert len(made.sent) == 3


def test_who_was_only_expected_has_not_been_in_it() -> None:
    made = life(DAY_LONG, trigger=BOOKED, re_entry="never")
    made.happen(visit(made, "a1", 5))
    made.happen(visit(made, "a1", 5, status="cancelled"))
    made.happen(visit(made, "a2", 5))
    [enrolment] = made.record.enrolments.values()
    assert (enrolment.step, enrolment.focus) == ("@scheduled", "Appointment/a2")


def test_a_while_counts_from_when_they_entered_not_from_when_they_were_expected() -> None:
    made = life(SEND, trigger=BOOKED, re_entry={"after": "P30D"})
    made.happen(visit(made, "a1", 60))
    made.sleep(Instant(made.now + 59 * DAY))
    assert len(made.sent) == 1
    made.happen(visit(made, "a2", 5))
    assert not made.record.enrolments


def test_whom_staff_move_before_their_day_is_in_from_then_and_expected_next_year() -> None:
    made = life(DAY_LONG, trigger=BIRTHDAY, exit_when={"after": "P2D"})
    [expected] = made.record.enrolments
    made.happen(EnrolmentAsked(expected, "move", "staff-1", "please", "day"))
    moved = made.record.enrolments[expected]
    assert (moved.entered, moved.ends) == (made.now, made.now + 2 * DAY)
    assert [e.step for e in made.record.enrolments.values()] == ["day", "@scheduled"]


@pytest.mark.parametrize("rule", ["exit_when", "goal"])
def test_whom_staff_move_leaves_at_once_where_they_would_have_to(rule: str) -> None:
    well: dict[str, Any] = {"any_of": [{"not_in_segment": ILL}]}
    made = life(DAY_LONG, trigger=BIRTHDAY, **{rule: {"title": "well", **well} if rule == "goal" else well})
    [expected] = made.record.enrolments
    made.happen(EnrolmentAsked(expected, "move", "staff-1", "please", "day"))
    assert [e.step for e in made.record.enrolments.values()] == ["@scheduled"]


def test_who_moves_to_a_version_whose_goal_is_reached_is_done() -> None:
    made = life(DAY_LONG)
    made.happen(ask("run-1"))
    goal = {"title": "well", "any_of": [{"not_in_segment": ILL}]}
    body = {"url": URL, "title": "J", "trigger": {"manual": True}, "steps": [DAY_LONG]}
    made.publish({**body, "goal": goal, "on_publish": {"those_inside": "move"}})
    made.sleep(Instant(made.now + HOUR))
    made.happen(ResourceChanged(Fact("Observation", "o", "1", made.now)))
    assert not made.record.enrolments
    assert said(made)[-1] == "Completed J: goal reached, well (not in segment ill)"


def test_to_let_in_twice_during_a_pause_is_to_let_in_once() -> None:
    made = life(DAY_LONG, limits={"per_hour": 1})
    made.happen(ask("run-1"))
    made.publish(controls=Controls(paused=frozenset([URL])))
    [waiting] = made.record.enrolments
    made.happen(EntryGranted(waiting))
    made.publish(controls=Controls())
    made.happen(EntryGranted(waiting))
    assert made.record.enrolments[waiting].step == "day"


def test_a_refusal_that_two_workers_tell_is_heard_once() -> None:
    made = life(TASK, DAY_LONG)
    made.outside = False
    made.happen(ask("run-1"))
    [written] = [effect for effect in made.record.outbox.values() if isinstance(effect, WriteResource)]
    made.happen(EffectRefused(written, "no such owner"))
    [held] = made.record.enrolments
    made.happen(EnrolmentAsked(held, "move", "staff-1", "looked at", "day"))
    again = decide(made.record, EffectRefused(written, "no such owner"), made.catalogue, made.now)
    assert again.record is made.record


def test_a_message_that_cannot_be_written_shows_in_the_roster_and_names_its_enrolment() -> None:
    made = life({**SEND, "template": NEEDY}, DAY_LONG)
    made.happen(ask("run-1"))
    [enrolment_id] = made.record.enrolments
    assert made.watch.roster[enrolment_id].status == "on-hold"
    assert [line.kind for line in made.watch.told if enrolment_id in line.refs][-1] == "fault"


def test_to_try_again_does_both_what_failed_before_and_where_it_stands() -> None:
    until = {"id": "until", "kind": "wait", "until": {"anchor": "focus.end"}}
    made = life(TASK, until)
    made.refusals = 1
    made.happen(ask("run-1", focus="Appointment/a1"))
    [held] = made.record.enrolments
    made.happen(visit(made, "a1", 5))
    made.happen(EnrolmentAsked(held, "retry", "staff-1", "there it is"))
    enrolment = made.record.enrolments[held]
    assert (enrolment.status, enrolment.step) == ("active", "until")
    assert enrolment.due == made.now + 5 * DAY + HOUR
    assert said(made).count("At call: a task for staff: Call") == 2


def test_whom_staff_paused_waits_as_the_new_version_says_once_they_go_on() -> None:
    made = life(DAY_LONG, trigger=BIRTHDAY)
    [expected] = made.record.enrolments
    made.happen(EnrolmentAsked(expected, "pause", "staff-1", "please"))
    body = {"url": URL, "title": "J", "steps": [DAY_LONG]}
    made.publish({**body, "trigger": {"date": {"of": "birth-date", "offset": "-P30D"}}})
    made.happen(EnrolmentAsked(expected, "resume", "staff-1", "please"))
    assert (
        made.record.enrolments[expected].due == made.record.next_due == parse_instant("2027-01-30T08:00:00Z")
    )


def test_an_asking_that_came_to_nothing_comes_to_nothing_later() -> None:
    """The patient was still inside then; the queue brings it again when they are out."""
    made = life(DAY_LONG)
    made.happen(ask("run-1"))
    made.happen(ask("run-2"))
    made.sleep(Instant(made.now + 2 * DAY))
    made.happen(ask("run-2"))
    assert not made.record.enrolments


def test_what_a_merge_brought_once_does_not_undo_a_start_since() -> None:
    """The record that was merged away tells its opt-outs again whenever it changes."""
    made = life(DAY_LONG)
    merged = RecordMerged("p0", (("sms", PHONE, made.now),))
    made.happen(merged)
    made.sleep(Instant(made.now + DAY))
    made.happen(InboundReceived("in-1", "sms", PHONE, "START", made.now))
    made.happen(merged)
    assert not made.record.opt_outs

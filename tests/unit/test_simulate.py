"""The dry run: what people go through, who is counted as what, and that chance repeats itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.usecases.simulation.comparing import compare
from shared.usecases.simulation.counting import Counts
from shared.usecases.simulation.playing import Played, play
from shared.usecases.simulation.report import report
from shared.usecases.simulation.stage import set_stage
from tests.unit.simulation_kit import (
    ADULTS,
    ASKS,
    CERTAIN,
    JOURNEY,
    journey,
    parcels,
    patient,
    people,
    plan,
    played,
    reported,
)


def test_everybody_who_answers_yes_gets_one_message() -> None:
    made = reported(plan(assume={"delivered": "1", "answered:yes": "1"}), people(3))
    (told,) = made.journeys
    assert (made.patients, made.concerned, told.entered) == (3, 3, 3)
    assert told.completed == {"over": 3}
    assert told.results == {"reply": {"coming": 3}}
    assert told.sent_by_step == {"invite": {"sms": 3}}
    assert made.staff.answers == {"yes": 3}
    assert made.sent_by_day == {"2026-03-02": {"sms": 3}}
    assert made.sent_by_hour == {"09": {"sms": 3}}
    assert (told.inside_at_end, told.inside_by_day["2026-03-02"]) == (0, 0)


def test_who_says_nothing_is_reminded_after_a_week_and_inside_for_a_month() -> None:
    made = reported(plan(assume={"delivered": "1", "answered": "0"}, length="P20D"), people(2))
    (told,) = made.journeys
    assert told.results == {"reply": {"timed-out": 2}}
    assert made.sent_by_day == {"2026-03-02": {"sms": 2}, "2026-03-09": {"sms": 2}}
    assert (told.inside_at_end, told.standing, told.inside_by_day["2026-03-10"]) == (2, {"a-month": 2}, 2)


def test_answers_are_supposed_for_one_step_or_for_all() -> None:
    supposed = {"delivered": "1", "answered:reply/perhaps": "1", "answered:yes": "1"}
    made = reported(plan(assume=supposed), people(1))
    assert made.journeys[0].results == {"reply": {"unclear": 1}}


def test_those_who_cannot_be_reached_are_counted_with_the_reason() -> None:
    made = reported(plan(), [patient(1, telecom=[])])
    assert [(each.channel, each.count) for each in made.suppressed] == [("sms", 2)]
    assert "no" in made.suppressed[0].reason
    assert (made.channels, made.cost) == ({}, 0)


def test_a_child_is_played_and_concerned_by_nothing_until_of_age() -> None:
    made = reported(plan(), [patient(1, birthDate="2015-01-01"), patient(2, birthDate="2008-03-20")])
    assert (made.patients, made.concerned) == (2, 1)
    assert made.journeys[0].entered_by_day == {"2026-03-20": 1}


def test_a_message_that_fails_is_neither_opened_nor_answered() -> None:
    made = reported(plan(assume={"delivered": "0", "answered": "1"}), people(2))
    sms = made.channels["sms"]
    assert (sms.sent, sms.delivered, sms.failed) == (4, 0, 4)
    assert made.journeys[0].results == {"reply": {"timed-out": 2}}


def test_opened_and_clicked_come_of_email_even_long_after_the_message_left_the_record() -> None:
    supposed = {
        "delivered": "1",
        "opened": "1",
        "clicked": "1",
        "opened-after": "P10D",
        "clicked-after": "P11D",
    }
    mail = [patient(1, telecom=[{"system": "email", "value": "ana@example.org"}])]
    email = reported(plan(assume=supposed), mail).channels["email"]
    assert (email.sent, email.delivered, email.opened, email.clicked) == (2, 2, 2, 2)


def test_a_stop_suppresses_what_follows() -> None:
    made = reported(plan(assume={"delivered": "1", "answered": "0", "stopped": "1"}), people(1))
    assert made.channels["sms"].sent == 1
    assert [each.reason for each in made.suppressed] == [
        "the patient has opted out of SMS; no email address is known"
    ]


def test_a_custom_event_happens_so_long_after_entry() -> None:
    goal = {"title": "visited", "any_of": [{"event": "visited"}]}
    supposed = {"delivered": "1", "answered": "0", "event:visited": "1", "event-after": "P2D"}
    made = reported(plan(journey(goal=goal), assume=supposed), people(2))
    assert (made.journeys[0].goals, made.channels["sms"].sent) == (2, 2)
    assert made.journeys[0].inside_by_day["2026-03-03"] == 2
    assert made.journeys[0].inside_by_day["2026-03-04"] == 0


def test_the_cost_is_that_of_the_parts() -> None:
    made = reported(plan(assume={**CERTAIN, "answered": "0"}), people(10))
    assert made.channels["sms"].cost == pytest.approx(20 * 0.0083, abs=0.006)
    assert made.cost == made.channels["sms"].cost


def test_people_are_put_into_a_journey_that_nobody_enters_by_themselves() -> None:
    by_hand = journey(trigger={"manual": True})
    assert reported(plan(by_hand), people(2)).journeys[0].entered == 0
    assert reported(plan(by_hand, enrol="everybody"), people(2)).journeys[0].entered == 2


def test_only_members_of_a_segment_are_put_in() -> None:
    child = patient(9, birthDate="2020-01-01")
    wanted = plan(journey(trigger={"manual": True}, audience={"in": [ADULTS]}), enrol=ADULTS)
    assert reported(wanted, [*people(2), child]).journeys[0].entered == 2


def test_definitions_that_do_not_fit_together_are_refused() -> None:
    steps = [{**ASKS[0], "template": "https://example.org/templates/none"}, *ASKS[1:]]
    with pytest.raises(Invalid, match="no template"):
        played(plan(journey(steps)))


def test_two_versions_are_compared_over_the_same_people() -> None:
    supposed = {"delivered": "1", "answered": "0"}
    old = plan(assume=supposed)
    shorter = [{**ASKS[1], "timed_out": "done"} if step["id"] == "reply" else step for step in ASKS]
    new = plan(journey(shorter, version="2"), assume=supposed)
    found = play(parcels(people(4), old), [old, new], 1)
    reports = [report(counts, set_stage(each)) for counts, each in zip(found.counts, (old, new), strict=True)]
    told = compare(*reports, found.different, found.examples)
    assert {line.what: (line.old, line.new, line.difference) for line in told.lines}["messages by sms"] == (
        8,
        4,
        -4,
    )
    assert (told.different, told.examples) == (4, ("p0", "p1", "p2", "p3"))


def test_a_version_that_changes_nothing_differs_for_nobody() -> None:
    old, new = plan(assume={}), plan(journey(version="2"), assume={})
    found = play(parcels(people(30), old), [old, new], 1)
    assert (found.counts[0], found.different) == (found.counts[1], 0)


def test_more_processes_give_the_same() -> None:
    wanted = plan(assume={})
    packed = parcels(people(250), wanted)
    assert play(packed, [wanted], 2) == play(packed, [wanted], 1)


def test_progress_is_told() -> None:
    wanted, told = plan(), list[int]()
    play(parcels(people(120), wanted), [wanted], 1, told.append)
    assert told == [100]


@given(
    seed=st.text(max_size=5),
    order=st.permutations(range(8)),
    cut=st.integers(1, 7),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
@settings(max_examples=25, deadline=None)
def test_the_same_seed_gives_the_same_whatever_the_order_and_the_number_of_workers(
    seed: str, order: list[int], cut: int, shares: tuple[float, float, float]
) -> None:
    """And nobody is lost: who entered has left or is inside; what was sent has arrived or failed."""
    names = ("delivered", "answered", "stopped")
    wanted = plan(assume=dict(zip(names, map(repr, shares), strict=True)), seed=seed)
    packed = parcels(people(8), wanted)
    whole = play(packed, [wanted], 1)
    again = [packed[n] for n in order]
    parted: Played = play(again[:cut], [wanted], 1) + play(again[cut:], [wanted], 1)
    assert parted == whole
    made = report(whole.counts[0], set_stage(wanted))
    (told,) = made.journeys
    assert told.entered == sum(told.completed.values()) + sum(told.revoked.values()) + told.inside_at_end
    for channel in made.channels.values():
        assert channel.delivered + channel.failed == channel.sent


def test_counts_are_of_nobody_in_particular() -> None:
    """Keys hold no ids, no texts of messages and no phone numbers."""
    counts: Counts = played(plan(assume={"delivered": "0.5", "stopped": "0.5"})).counts[0]
    words = " ".join(word for key in counts for word in key)
    assert JOURNEY in words
    assert all(each not in words for each in ("+1206", "p1 ", "Ana", "Lopez"))


def test_work_for_staff_and_for_other_systems_is_counted() -> None:
    steps = [
        {"id": "call", "kind": "task", "title": "Call about {reply}", "owner": "Practitioner/1"},
        {"id": "see", "kind": "task", "title": "See", "performer_type": ["nurse"], "next": "flag"},
        {"id": "flag", "kind": "write", "resource": "Flag", "code": "Outreach"},
        {"id": "tell", "kind": "webhook", "to": "scheduling", "event": "outreach.declined"},
        *ASKS,
    ]
    made = reported(plan(journey(steps)), people(3))
    assert made.staff.tasks == 6
    assert made.staff.by_title == {"Call about {reply}": 3, "See": 3}
    assert made.staff.by_owner == {"Practitioner/1": {"2026-03-02": 3}, "nurse": {"2026-03-02": 3}}
    assert made.staff.tasks_by_day == {"2026-03-02": 6}
    assert (made.written, made.posted) == ({"Flag": 3}, {"scheduling": 3})

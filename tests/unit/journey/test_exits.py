"""Exits and the goal: which of them holds, whether somebody may begin, and what hears an answer."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from shared.events import CustomEventReceived, InboundReceived
from shared.fhir.choice import Choice
from shared.fhir.fact import Person
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.journey.advance import on_event, on_wakeup
from shared.journey.compile import CompiledJourney, compile_journey
from shared.journey.definition import parse_journey
from shared.journey.happened import TimePassed
from shared.journey.index import Journeys
from shared.journey.replies import on_reply
from shared.journey.steps.base import Standing
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment, Membership

NOW = parse_instant("2026-03-07T15:00:00Z")
NEW_YORK = ZoneInfo("America/New_York")
BASE = "https://x.example"
WEEK = {"id": "week", "kind": "wait", "duration": "P7D"}
SEND = {"id": "tell", "kind": "send", "template": f"{BASE}/t", "channels": ["sms", "email"]}
RECORD = PatientRecord("k", "p", Person("p"))


def compiled(*steps: dict[str, Any], **more: Any) -> CompiledJourney:
    document = {"url": f"{BASE}/j", "version": "1", "title": "J", "trigger": {"event": "go"}}
    body = document | {"steps": list(steps) or [WEEK]} | more
    return compile_journey(parse_journey(body, "j"), NEW_YORK)


def standing(record: PatientRecord = RECORD, **more: Any) -> Standing:
    return Standing(record, Enrolment("e", f"{BASE}/j|1", "active", "week", 1, NOW, **more), NOW)


def opted_out(*channels: str) -> PatientRecord:
    return replace(RECORD, opt_outs=tuple(Choice(channel, "", NOW) for channel in channels))


@pytest.mark.parametrize(
    ("stopped", "steps", "over"),
    [
        ((), [SEND], False),
        (("sms",), [SEND], False),
        (("sms", "email"), [SEND], True),
        (("*",), [SEND], True),
        (("email", "whatsapp"), [SEND], False),
        (("sms",), [SEND | {"channels": ["sms"]}], True),
        (("*",), [WEEK], False),
    ],
)
def test_opted_out_is_every_channel_that_the_journey_uses(
    stopped: tuple[str, ...], steps: list[Any], over: bool
) -> None:
    exits = compiled(*steps, exit_when={"opted_out": True}).exits
    assert bool(exits.why_over(standing(opted_out(*stopped)), TimePassed())) is over
    assert not compiled(*steps).exits.why_over(standing(opted_out(*stopped)), TimePassed())


def test_its_time_is_counted_by_the_organisations_calendar() -> None:
    exits = compiled(exit_when={"after": "P1D", "until": "2026-03-09T00:00:00Z"}).exits
    assert exits.ends(NOW) == NOW + 23 * HOUR
    assert exits.ends(Instant(NOW + 2 * DAY)) == parse_instant("2026-03-09T00:00:00Z")
    assert compiled().exits.ends(NOW) is None
    late = standing(ends=NOW)
    assert exits.why_over(late, TimePassed()) == "its time is up, as of 2026-03-07 10:00 EST"
    assert not exits.why_over(standing(ends=Instant(NOW + 1)), TimePassed())


def test_the_goal_says_its_title_and_why() -> None:
    goal = {"title": "seen", "any_of": [{"event": "seen"}, {"in_segment": f"{BASE}/segments/seen"}]}
    exits = compiled(goal=goal).exits
    event = CustomEventReceived("e1", "seen", NOW)
    assert exits.why_done(standing(), event) == "goal reached, seen (event seen)"
    member = replace(RECORD, memberships={f"{BASE}/segments/seen": Membership("s|1", True, NOW)})
    assert exits.why_done(standing(member), TimePassed()) == "goal reached, seen (in segment seen)"
    assert not exits.why_done(standing(), TimePassed())


def entered(journey: CompiledJourney, record: PatientRecord = RECORD) -> tuple[PatientRecord, list[str]]:
    sprint = on_event(record, CustomEventReceived("go-1", "go", NOW), Journeys([journey]), NOW)
    return sprint.record, [line.text for line in sprint.timeline]


def test_who_would_have_to_leave_at_once_is_not_let_in_and_may_come_back() -> None:
    journey = compiled(SEND, exit_when={"opted_out": True}, re_entry="never")
    silent = opted_out("*")
    record, lines = entered(journey, silent)
    assert lines == ["Not entered J: the patient has opted out of every channel it uses"]
    assert record == silent, "not having been let in is no entry"
    assert entered(journey, replace(silent, opt_outs=()))[1][0] == "Entered J: event go"


def test_its_time_ends_it_in_the_middle_of_a_wait_also_on_hold() -> None:
    journey = compiled(exit_when={"after": "P2D"})
    record, _ = entered(journey)
    [held] = record.enrolments.values()
    on_hold = replace(record, enrolments={held.enrolment_id: replace(held, status="on-hold", held="staff")})
    for each in (record, on_hold):
        assert each.next_due == held.ends
        over = on_wakeup(each, Journeys([journey]), Instant(held.ends or 0))
        assert not over.record.enrolments
        assert [line.text for line in over.timeline] == ["Left J: its time is up, as of 2026-03-09 10:00 EDT"]


@pytest.mark.parametrize(
    "more",
    [
        {"exit_when": {"any_of": [{"answer": {"words": ["no more"]}}]}},
        {"goal": {"title": "told", "any_of": [{"answer": {"any": True}}]}},
    ],
)
def test_an_answer_ends_it_whatever_the_patient_stands_at(more: dict[str, Any]) -> None:
    """A plain wait asks nothing, but the journey does."""
    journey = compiled(**more)
    record, _ = entered(journey)
    reply = InboundReceived("r1", "sms", "+1", "No more!", NOW)
    assert not on_reply(record, reply, Journeys([journey]), NOW).record.enrolments
    assert on_reply(record, reply, Journeys([compiled()]), NOW).record is record

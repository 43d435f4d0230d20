"""The engine's three doors: re-entry, stale calls, anchors, endings, faults, versions."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.journey.advance import Sprint, on_change, on_segment, on_wakeup
from shared.journey.compile import compile_journey
from shared.journey.definition import parse_journey
from shared.journey.enter import MOST_FOCUSES
from shared.journey.index import Journeys
from shared.patient.apply import apply_content
from shared.patient.record import PatientRecord, identify
from shared.patient.state import Membership, Message
from shared.patient.transition import SegmentChanged

NOW = parse_instant("2026-03-02T15:00:00Z")
SEGMENT, JOURNEY, TEMPLATE = "https://x.example/s", "https://x.example/j", "https://x.example/t"
SEND = {"id": "tell", "kind": "send", "template": TEMPLATE, "channels": ["sms"]}
WEEK = {"id": "week", "kind": "wait", "duration": "P7D"}
BEFORE = {
    "id": "before",
    "kind": "wait",
    "until": {"anchor": "focus.start", "offset": "-P1D"},
    "if_past": "exit",
}
ON_SEGMENT = {"segment_entered": SEGMENT}
ON_BOOKED = {"fhir_change": {"type": "Appointment", "status": ["booked"], "becomes": False}}


def journeys(*steps: dict[str, Any], trigger: dict[str, Any] = ON_SEGMENT, **more: Any) -> Journeys:
    document = {"url": JOURNEY, "version": "1", "title": "J", "trigger": trigger, "steps": list(steps)}
    return Journeys([compile_journey(parse_journey(document | more, "j"), UTC)])


def member(held: PatientRecord, since: Instant = NOW, *, inside: bool = True) -> PatientRecord:
    return replace(held, memberships={SEGMENT: Membership(f"{SEGMENT}|1", inside, since)})


def entered(held: PatientRecord, found: Journeys, now: Instant = NOW) -> Sprint:
    return on_segment(held, SegmentChanged(SEGMENT, f"{SEGMENT}|1", True, "because"), found, now)


def left(held: PatientRecord, found: Journeys, now: Instant = NOW) -> Sprint:
    return on_segment(held, SegmentChanged(SEGMENT, f"{SEGMENT}|1", False, "because not"), found, now)


def changed(held: PatientRecord, content: Fact | Person, found: Journeys, now: Instant = NOW) -> Sprint:
    after, change = apply_content(held, content)
    assert change is not None
    return on_change(after, change, found, now)


def booking(version: int = 1, days: int = 10, **more: Any) -> Fact:
    start = Instant(NOW + days * DAY)
    return replace(Fact("Appointment", "a1", str(version), NOW, status="booked", start=start), **more)


PERSON = Person("p1")
RECORD = PatientRecord("k", "p1", person=PERSON)


def test_entering_runs_to_the_first_wait() -> None:
    sprint = entered(member(RECORD), journeys(SEND, WEEK))
    [enrolment] = sprint.record.enrolments.values()
    assert enrolment.enrolment_id == identify("k", JOURNEY, 1)
    assert (enrolment.step, enrolment.sequence, enrolment.due) == ("week", 2, NOW + 7 * DAY)
    [intent] = sprint.intents
    assert (intent.sequence, intent.step, intent.channels) == (1, "tell", ("sms",))
    assert sprint.record.next_due == NOW + 7 * DAY


def test_the_same_entering_twice_changes_nothing() -> None:
    for re_entry in ("never", "after-exit"):
        for steps in ((SEND,), (SEND, WEEK)):
            found = journeys(*steps, re_entry=re_entry)
            once = entered(member(RECORD), found)
            again = entered(once.record, found, Instant(NOW + HOUR))
            assert again == Sprint(once.record)
            assert again.record is once.record


def test_a_new_membership_may_enter_again_after_exit() -> None:
    found = journeys(SEND, re_entry="after-exit")
    once = entered(member(RECORD), found).record
    again = entered(member(once, Instant(NOW + DAY)), found, Instant(NOW + DAY))
    assert again.record.history[JOURNEY].entries == 2
    assert len(again.intents) == 1
    never = journeys(SEND)
    assert entered(member(once, Instant(NOW + DAY)), never).record.history[JOURNEY].entries == 1


def test_not_again_while_still_inside() -> None:
    found = journeys(WEEK, re_entry="after-exit")
    once = entered(member(RECORD), found).record
    later = member(once, Instant(NOW + DAY))
    assert entered(later, found, Instant(NOW + DAY)).record is later


def test_a_transition_that_is_no_longer_true_is_stale() -> None:
    found = journeys(WEEK, exit_when={"segment_left": True})
    outside = member(RECORD, inside=False)
    assert entered(outside, found).record is outside
    inside = entered(member(RECORD), found).record
    assert left(inside, found).record is inside


def test_leaving_the_segment_revokes_and_calls_off() -> None:
    found = journeys(SEND, WEEK, exit_when={"segment_left": True})
    inside = entered(member(RECORD), found).record
    inside = replace(inside, messages={"m": message(inside, "m")})
    sprint = left(member(inside, inside=False), found)
    assert not sprint.record.enrolments
    assert [(m.status, m.status_reason) for m in sprint.messages] == [
        ("not-done", "no longer in the segment (because not)")
    ]
    assert [line.kind for line in sprint.timeline] == ["journey", "message"]


def message(held: PatientRecord, key: str, status: Any = "preparation", focus: str = "") -> Message:
    enrolment = next(iter(held.enrolments), "gone")
    return Message(
        key, enrolment, 1, "tell", f"{JOURNEY}|1", TEMPLATE, "sms", "+1", "en", status, NOW, NOW, focus=focus
    )


def test_per_focus_enters_once_for_each_and_side_by_side() -> None:
    found = journeys(SEND, BEFORE, trigger=ON_BOOKED, re_entry="per-focus")
    held = changed(RECORD, booking(), found).record
    held = changed(held, booking(resource_id="a2"), found).record
    assert {e.focus for e in held.enrolments.values()} == {"Appointment/a1", "Appointment/a2"}
    again = changed(held, booking(2), found)
    assert not again.intents
    assert again.record.history[JOURNEY].entries == 2


def test_focuses_remembered_are_bounded() -> None:
    found = journeys(SEND, trigger=ON_BOOKED, re_entry="per-focus")
    held = RECORD
    for n in range(MOST_FOCUSES + 5):
        held = changed(held, booking(resource_id=f"a{n}"), found).record
    assert len(held.history[JOURNEY].focuses) == MOST_FOCUSES
    assert held.history[JOURNEY].entries == MOST_FOCUSES + 5


@pytest.mark.parametrize(
    ("change", "before", "after", "fits"),
    [
        ({}, None, booking(), True),
        ({"status": ["proposed"]}, None, booking(), False),
        ({"status": ["booked"]}, booking(), booking(2), False),
        ({"status": ["booked"], "becomes": False}, booking(), booking(2), True),
        ({"status": ["booked"]}, booking(status="proposed"), booking(2), True),
        ({"interaction": "created"}, None, booking(), True),
        ({"interaction": "created", "becomes": False}, booking(), booking(2), False),
        ({"interaction": "updated", "becomes": False}, booking(), booking(2), True),
        ({"interaction": "updated"}, None, booking(), False),
        ({"interaction": "deleted"}, booking(), booking(2, gone=True), True),
        ({"becomes": False}, booking(), booking(2, gone=True), False),
        ({"codes": ["57"]}, None, booking(codes=("http://x|57",)), True),
        ({"codes": ["http://x|57"]}, None, booking(codes=("http://x|57",)), True),
        ({"codes": ["7"]}, None, booking(codes=("http://x|57",)), False),
        ({"attributes": {"class": ["IMP"]}}, None, booking(attributes={"class": ("http://x|IMP",)}), True),
        ({"attributes": {"class": ["IMP"]}}, None, booking(), False),
        ({"recent": {"anchor": "focus.start"}}, None, booking(days=0), False),
        ({"recent": {"anchor": "focus.start", "within": "PT1S"}}, None, booking(days=0), True),
        ({"recent": {"anchor": "focus.end", "within": "P1D"}}, None, booking(), False),
        ({"type": "Encounter"}, None, booking(), False),
    ],
)
def test_which_changes_enter(change: dict[str, Any], before: Fact | None, after: Fact, fits: bool) -> None:
    found = journeys(SEND, trigger={"fhir_change": {"type": "Appointment"} | change})
    held = RECORD if before is None else apply_content(RECORD, before)[0]
    assert bool(changed(held, after, found).intents) is fits


def waiting() -> tuple[PatientRecord, Journeys]:
    found = journeys(SEND, BEFORE, SEND | {"id": "again"}, trigger=ON_BOOKED, re_entry="per-focus")
    return changed(RECORD, booking(), found).record, found


def due(held: PatientRecord) -> Instant | None:
    [enrolment] = held.enrolments.values()
    return enrolment.due


def test_a_wait_moves_with_its_focus_forwards_backwards_and_not_at_all() -> None:
    held, found = waiting()
    assert due(held) == NOW + 9 * DAY
    held = changed(held, booking(2, 20), found).record
    assert due(held) == NOW + 19 * DAY
    held = changed(held, booking(3, 5), found).record
    assert due(held) == NOW + 4 * DAY
    same = changed(held, booking(4, 5, title="Renamed"), found)
    assert due(same.record) == NOW + 4 * DAY
    assert same.timeline == ()


def test_moved_into_the_past_follows_the_rule() -> None:
    held, found = waiting()
    sprint = changed(held, booking(2, 1), found)
    assert not sprint.record.enrolments
    assert not sprint.intents
    assert "already past" in sprint.timeline[-1].text


@pytest.mark.parametrize("status", ["cancelled", "noshow", "entered-in-error", "gone"])
def test_a_focus_that_will_not_be_revokes_and_calls_off(status: str) -> None:
    held, found = waiting()
    held = replace(
        held, messages={k: message(held, k, s) for k, s in (("m", "preparation"), ("n", "in-progress"))}
    )
    ending = booking(2, gone=True) if status == "gone" else booking(2, status=status)
    sprint = changed(held, ending, found)
    assert not sprint.record.enrolments
    assert [m.message_id for m in sprint.messages] == ["m"]
    assert set(sprint.record.messages) == {"n"}
    assert changed(sprint.record, replace(ending, version="3"), found).timeline == ()


def test_messages_of_a_journey_that_is_over_are_called_off_too() -> None:
    found = journeys(SEND, trigger=ON_BOOKED)
    held = changed(RECORD, booking(), found).record
    assert not held.enrolments
    held = replace(held, messages={"m": message(held, "m", focus="Appointment/a1")})
    sprint = changed(held, booking(2, status="cancelled"), found)
    assert [m.status_reason for m in sprint.messages] == ["Appointment/a1 is cancelled"]


def test_a_journey_about_no_shows_survives_the_no_show() -> None:
    trigger = {"fhir_change": {"type": "Appointment", "status": ["noshow"]}}
    found = journeys(WEEK, trigger=trigger)
    held = changed(RECORD, booking(status="noshow"), found).record
    still = changed(held, booking(2, status="noshow", title="x"), found)
    assert len(still.record.enrolments) == 1


@pytest.mark.parametrize(
    "person",
    [
        replace(PERSON, version="2", deceased=True),
        replace(PERSON, version="2", active=False),
        replace(PERSON, version="2", gone=True),
        replace(PERSON, version="2", links=(("replaced-by", "Patient/2"),)),
    ],
)
def test_losing_the_person_ends_everything(person: Person) -> None:
    held, found = waiting()
    held = replace(held, messages={"m": message(held, "m")}, person=replace(PERSON, version="1"))
    sprint = changed(held, person, found)
    assert not sprint.record.enrolments
    assert not sprint.record.messages
    assert len(sprint.messages) == 1
    assert changed(sprint.record, booking(resource_id="a9"), found).timeline == ()
    assert entered(member(sprint.record), journeys(SEND)).intents == ()


def test_only_what_is_due_wakes() -> None:
    held, found = waiting()
    early = on_wakeup(held, found, Instant(NOW + 9 * DAY - 1))
    assert early.record is held
    woken = on_wakeup(held, found, Instant(NOW + 9 * DAY))
    assert [intent.sequence for intent in woken.intents] == [3]
    assert not woken.record.enrolments
    assert on_wakeup(woken.record, found, Instant(NOW + 9 * DAY)).record is woken.record


def test_a_version_that_is_not_published_holds() -> None:
    held, _ = waiting()
    sprint = on_wakeup(held, Journeys(), Instant(NOW + 9 * DAY))
    [enrolment] = sprint.record.enrolments.values()
    assert enrolment.status == "on-hold"
    assert [line.kind for line in sprint.timeline] == ["fault"]
    assert on_wakeup(sprint.record, Journeys(), Instant(NOW + 10 * DAY)).record is sprint.record


def test_a_wait_beyond_the_calendar_holds() -> None:
    sprint = entered(member(RECORD), journeys(WEEK | {"duration": "P9000Y"}))
    [enrolment] = sprint.record.enrolments.values()
    assert enrolment.status == "on-hold"
    assert "outside the calendar" in enrolment.reason


def test_steps_per_advance_are_bounded() -> None:
    loop = journeys(SEND)
    [journey] = loop
    step = journey.steps["tell"]
    spinning = replace(step, run=lambda s: replace(step.run(s), to="tell", sends=False))  # type: ignore[type-var]
    sprint = entered(member(RECORD), Journeys([replace(journey, steps={"tell": spinning})]))
    [enrolment] = sprint.record.enrolments.values()
    assert (enrolment.status, enrolment.sequence) == ("on-hold", 1000)
    assert "1000 steps" in enrolment.reason


def test_new_patients_enter_the_latest_version_and_others_finish_theirs() -> None:
    def version(number: str, days: int) -> Any:
        body = {
            "url": JOURNEY,
            "version": number,
            "title": "J",
            "trigger": ON_SEGMENT,
            "steps": [WEEK | {"duration": f"P{days}D"}, SEND],
        }
        return compile_journey(parse_journey(body, "j"), UTC)

    old, new = version("1.9", 7), version("1.10", 1)
    held = entered(member(RECORD), Journeys([old])).record
    both = Journeys([new, old])
    assert both.latest(JOURNEY) is new
    assert both.on_segment(SEGMENT) == (new,)
    assert both.get(f"{JOURNEY}|1.9") is old
    sprint = on_wakeup(held, both, Instant(NOW + 7 * DAY))
    assert [intent.journey for intent in sprint.intents] == [f"{JOURNEY}|1.9"]


def test_the_patients_own_zone_where_it_is_known() -> None:
    anchor = {"anchor": "focus.start", "offset": "-P1D", "at": "09:00"}
    found = journeys(BEFORE | {"until": anchor, "zone": "patient"}, trigger=ON_BOOKED)
    for name, hour in (("America/New_York", 13), ("Nowhere/Land", 9)):
        held = replace(RECORD, person=replace(PERSON, attributes={"time-zone": (name,)}))
        when = due(changed(held, booking(), found).record)
        assert when == parse_instant(f"2026-03-11T{hour:02}:00:00Z")


def test_a_patient_with_a_hundred_enrolments_wakes_them_all_in_order() -> None:
    found = journeys(
        SEND,
        BEFORE | {"if_past": "continue"},
        SEND | {"id": "again"},
        trigger=ON_BOOKED,
        re_entry="per-focus",
    )
    held = RECORD
    for n in range(100):
        held = changed(held, booking(resource_id=f"a{n}", days=100 - n), found).record
    asked: list[str] = []
    while (sprint := on_wakeup(held, found, Instant(NOW + 99 * DAY))).intents:
        asked += [intent.focus for intent in sprint.intents]
        held = sprint.record
    assert asked == [f"Appointment/a{n}" for n in reversed(range(99))]

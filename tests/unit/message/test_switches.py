"""What is switched off holds messages back: none is sent, none is lost, and each goes once it may."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.events import SendDue, SendPostponed
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant
from shared.journey.controls import Controls
from shared.message.guard import Claimed, claim
from shared.message.plan import plan
from shared.message.postpone import LOOK_AGAIN, postpone, released
from shared.message.switches import (
    JOURNEY_PAUSED,
    ON,
    PATIENT_PAUSED,
    SWITCHED_OFF,
    Switched,
    Switches,
)
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from tests.unit.message.kit import APPOINTMENT, NOW, Intent, record, templates
from tests.unit.message.kit import POLICY as USUAL

URL = "https://x.example/journeys/j"
OFF = Switched(sending=False)
PAUSED = Switched(paused=frozenset({URL}))
STOPPED = Switched(stopped=frozenset({URL}))
HELD = Enrolment("e1", f"{URL}|1", "on-hold", "tell", 1, NOW, held="staff")

POLICY = replace(USUAL, patience=1000 * DAY)
"""Nothing here is ever too late: what expires while it waits is not what this is about."""


def waiting(**enrolment: Any) -> PatientRecord:
    """Return a record with one message in preparation."""
    made = plan(record(), Intent(), templates(), POLICY, NOW).record
    return replace(made, enrolments={"e1": replace(HELD, **enrolment)} if enrolment else {})


def claimed(held: PatientRecord, switches: Switches, now: Instant = NOW) -> Claimed:
    [message] = held.messages.values()
    return claim(held, SendDue(message.message_id, "t"), templates(), POLICY, now, switches)


@pytest.mark.parametrize(
    ("held", "switches", "reason"),
    [
        (waiting(), OFF, SWITCHED_OFF),
        (waiting(), PAUSED, JOURNEY_PAUSED),
        (waiting(held="staff"), ON, PATIENT_PAUSED),
    ],
)
def test_it_waits_and_says_so_once(held: PatientRecord, switches: Switches, reason: str) -> None:
    first = claimed(held, switches)
    [message] = first.record.messages.values()
    assert (first.effect, first.message, message.status) == (None, message, "preparation")
    assert (message.due, message.status_reason) == (NOW + LOOK_AGAIN, reason)
    [line] = first.timeline
    assert line.text == f"Waits to be sent by SMS: {reason}"
    again = claimed(first.record, switches, message.due)
    assert again.timeline == ()
    assert again.message is not None
    assert again.message.due == NOW + 2 * LOOK_AGAIN


def test_what_nobody_may_be_told_any_more_ends_at_once() -> None:
    """A switch is no reason to keep what has become pointless; a stopped journey's messages are over."""
    gone = waiting()
    gone = replace(gone, facts=gone.facts.with_fact(replace(APPOINTMENT, status="cancelled", version="2")))
    for held, switches, reason in (
        (gone, OFF, "Appointment/a1 is cancelled"),
        (waiting(), STOPPED, "its journey was stopped"),
    ):
        found = claimed(held, switches)
        assert found.record.messages == {}
        assert found.message is not None
        assert (found.message.status, found.message.status_reason) == ("not-done", reason)


def test_other_journeys_go_on() -> None:
    elsewhere = Switched(paused=frozenset({f"{URL}x"}), stopped=frozenset({f"{URL}y"}))
    assert claimed(waiting(), elsewhere).effect is not None
    assert claimed(waiting(held="paused"), ON).effect is not None


def test_switched_on_again_it_goes_at_once() -> None:
    held = claimed(waiting(), OFF).record
    later = Instant(NOW + 10 * MINUTE)
    freed = released(held, ON, later)
    [message] = freed.messages
    assert (message.due, message.status_reason) == (later, "")
    assert claimed(freed.record, ON, later).effect is not None
    assert released(freed.record, ON, later).record is freed.record


@pytest.mark.parametrize("switches", [OFF, PAUSED])
def test_what_is_still_held_back_stays(switches: Switches) -> None:
    held = claimed(waiting(), OFF).record
    assert released(held, switches, NOW).record is held


def test_what_waits_for_another_reason_is_left_alone() -> None:
    held = waiting()
    [message] = held.messages.values()
    put_off = postpone(held, SendPostponed(message.message_id, Instant(NOW + HOUR), "no server"), NOW).record
    assert released(put_off, ON, NOW).record is put_off


def test_the_controls_of_a_catalogue_are_switches() -> None:
    assert claimed(waiting(), Controls(sending=False)).effect is None
    assert claimed(waiting(), Controls()).effect is not None


_ANY = [Switched(on, frozenset({URL} if paused else ())) for on, paused in product((True, False), repeat=2)]


@given(st.lists(st.tuples(st.sampled_from(_ANY), st.integers(0, DAY), st.booleans()), max_size=12))
def test_it_is_never_sent_while_off_and_never_lost(turns: list[tuple[Switched, int, bool]]) -> None:
    """However switches are thrown, whether or not the release is heard of, it goes out once they are on."""
    held, now = waiting(), NOW
    for switches, length, heard in turns:
        now = Instant(now + length)
        if heard:
            held = released(held, switches, now).record
        found = claimed(held, switches, now)
        if found.effect is not None:
            assert switches == Switched()
            return
        held = found.record
        [message] = held.messages.values()
        assert message.status == "preparation"
        assert message.due <= now + LOOK_AGAIN
    assert claimed(held, ON, Instant(now + LOOK_AGAIN)).effect is not None

"""What a commit tells: counts of what it changed, and nothing where nothing did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared import telemetry
from shared.effects import IndexEnrolment
from shared.events import DeliveryReported, InboundReceived
from shared.fhir.choice import Choice
from shared.fhir.instants import Instant
from shared.metrics import BY_NAME
from shared.patient.record import Decision, PatientRecord
from shared.patient.state import Membership, Message
from shared.telemetry import Attribute, Span
from shared.usecases.told import tell_commit, tell_reports

BEFORE = PatientRecord("key", "p")
NOW = Instant(1)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Heard:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.spans: list[tuple[str, str, dict[str, Attribute]]] = []

    def trace_parent(self) -> str:
        return ""

    @contextmanager
    def span(self, name: str, parent: str, attributes: dict[str, Attribute], **_: object) -> Iterator[Span]:
        self.spans.append((name, parent, attributes))
        yield self

    def note(self, **attributes: Attribute) -> None:
        self.spans[-1][2].update(attributes)

    def count(self, name: str, number: int, attributes: dict[str, Attribute]) -> None:
        assert {*attributes} == {*BY_NAME[name].attributes}
        self.counts[(name.removeprefix("hearthline."), *map(str, attributes.values()))] += number

    def measure(self, name: str, value: float, attributes: dict[str, Attribute]) -> None: ...

    def gauge(self, name: str, value: float, attributes: dict[str, Attribute]) -> None: ...


@contextmanager
def hearing() -> Iterator[Heard]:
    """Listen for a while."""
    heard = Heard()
    telemetry.switch(heard)
    try:
        yield heard
    finally:
        telemetry.switch(None)


def message(message_id: str = "m", **more: object) -> Message:
    """Return a message that is about to go."""
    made = Message(message_id, "e", 1, "s", "j", "t", "sms", "+1", "en", "preparation", NOW, NOW)
    return replace(made, **more)


def test_members_who_enter_and_leave_are_counted() -> None:
    """A membership that only changes its date is none of both."""
    held = {name: Membership(f"{name}|1", True, NOW) for name in ("stays", "left")}
    before = replace(BEFORE, memberships=held)
    entered = {name: Membership(f"{name}|1", True, NOW) for name in ("a", "b")}
    stays = {"stays": Membership("stays|1", True, Instant(2))}
    with hearing() as heard:
        tell_commit(before, (), Decision(replace(before, memberships={**stays, **entered})))
    assert heard.counts == {("commits",): 1, ("memberships", "entered"): 2, ("memberships", "left"): 1}


def test_enrolments_are_counted_by_journey_whatever_its_version() -> None:
    """As the roster's row says, that goes out with the same commit."""
    row = IndexEnrolment("e", "https://j.example/x|2", "completed", NOW, 1)
    with hearing() as heard:
        tell_commit(BEFORE, (), Decision(replace(BEFORE, outbox={row.effect_id: row})))
    assert heard.counts[("enrolments", "https://j.example/x", "completed")] == 1


def test_messages_are_counted_when_they_come_to_a_status() -> None:
    """Not when something else of them changes."""
    before = replace(BEFORE, messages={"m": message(), "n": message("n")})
    refused = message(status="not-done", code="landline")
    with hearing() as heard:
        tell_commit(before, (), Decision(before, messages=(refused, message("n", attempts=2))))
    assert heard.counts == {("commits",): 1, ("messages", "sms", "not-done", "landline"): 1}


def test_opt_outs_and_replies_are_counted() -> None:
    """By channel and way; a reply that nobody understood is another."""
    after = replace(BEFORE, opt_outs=(Choice("sms", "", NOW, "reply"),))
    with hearing() as heard:
        tell_commit(BEFORE, [InboundReceived("r", "sms", "+1", "STOP", NOW)], Decision(after))
    assert heard.counts == {("commits",): 1, ("opt_outs", "sms", "reply"): 1, ("replies", "sms", "other"): 1}


def test_a_report_ends_the_trace_of_its_message() -> None:
    """One that changed nothing is not told."""
    reports = [DeliveryReported(name, "failed", NOW, "no such number", "invalid-address") for name in "mx"]
    with hearing() as heard:
        tell_reports([message(trace=TRACE)], reports, 1.0)
    told = {"channel": "sms", "status": "failed", "code": "invalid-address"}
    assert heard.spans == [("delivery report", TRACE, told)]
    assert heard.counts == {("reports", "sms", "failed"): 1}


@pytest.mark.parametrize("on", [True, False])
@given(sequence=st.integers(0, 9))
def test_a_commit_that_changes_none_of_that_is_a_commit_and_nothing_else(on: bool, sequence: int) -> None:
    """Also where nobody listens, nothing is counted."""
    with hearing() as heard:
        telemetry.switch(heard if on else None)
        tell_commit(BEFORE, (), Decision(replace(BEFORE, sequence=sequence)))
    assert heard.counts == ({("commits",): 1} if on else {})

"""A patient's answer in their appointment: written over what was looked at, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Literal

import pytest
from fhir.resources.R4B.appointment import Appointment
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.adapters.memory_fhir import MemoryFhir
from shared.effects import AnswerAppointment
from shared.errors import Conflict, Rejected, Unavailable
from shared.fhir.answered import OPEN, answered
from shared.fhir.instants import HOUR, Instant, iso, parse_instant
from shared.fhir.references import ResourceKey
from shared.usecases.answer_appointment import ATTEMPTS, answer_appointment
from shared.usecases.services import Services
from tests.unit.memory_kit import Time, in_memory

START = parse_instant("2026-03-12T14:30:00Z")
KEY = ResourceKey("Appointment", "a1")
type Change = Callable[[dict[str, Any]], dict[str, Any]]
type Action = Literal["confirm", "cancel", "reschedule"]
ACTIONS: tuple[Action, ...] = ("confirm", "cancel", "reschedule")


def appointment(
    status: str = "booked", start: Instant = START, answer: str = "needs-action"
) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": "a1",
        "status": status,
        "start": iso(start),
        "end": iso(Instant(start + HOUR)),
        "participant": [
            {"actor": {"reference": "Patient/p1"}, "status": answer},
            {"actor": {"reference": "Location/l1"}, "status": "accepted"},
        ],
    }


def effect(action: Action = "cancel", start: Instant = START) -> AnswerAppointment:
    return AnswerAppointment("Appointment/a1", action, start, "Patient/p1", "enrolment", "step")


class BusyFhir(MemoryFhir):
    """A FHIR server on which others write, each before one of our writes."""

    def __init__(self, clock: Time) -> None:
        super().__init__(clock)
        self.others: list[Change] = []
        self.written: list[tuple[Mapping[str, object], Mapping[str, object]]] = []
        """What we wrote over what."""

    async def update(self, resource: Mapping[str, object], if_match: str | None = None) -> str:
        if if_match is None:
            return await super().update(resource)
        if self.others:
            await self.change(self.others.pop(0))
        before = (await self.read(KEY)).resource
        version = await super().update(resource, if_match)
        assert before is not None
        self.written.append((before, resource))
        return version

    async def change(self, change: Change) -> None:
        held = (await self.read(KEY)).resource
        assert held is not None
        await super().update(change(dict(held)))


def stage(resource: dict[str, Any] | None) -> tuple[Services, BusyFhir]:
    fhir = BusyFhir(Time())
    services = replace(in_memory(Time()), fhir=fhir)
    if resource is not None:
        asyncio.run(fhir.update(resource))
    return services, fhir


def held(fhir: BusyFhir) -> dict[str, Any]:
    found = asyncio.run(fhir.read(KEY)).resource
    assert found is not None
    return dict(found)


@pytest.mark.parametrize(("action", "status", "answer"), [
    ("confirm", "booked", "accepted"),
    ("cancel", "cancelled", "declined"),
    ("reschedule", "booked", "tentative"),
])  # fmt: skip
def test_the_answer_is_written_and_all_else_stays(action: Action, status: str, answer: str) -> None:
    services, fhir = stage(appointment())
    asyncio.run(answer_appointment(services, effect(action)))
    after = held(fhir)
    assert (after["status"], after["participant"][0]["status"]) == (status, answer)
    assert after["participant"][1:] == appointment()["participant"][1:]
    assert (after["start"], after["end"]) == (appointment()["start"], appointment()["end"])
    after.pop("meta")
    Appointment.model_validate(after)


def test_a_cancellation_says_that_the_patient_wished_it() -> None:
    services, fhir = stage(appointment())
    asyncio.run(answer_appointment(services, effect("cancel")))
    assert held(fhir)["cancelationReason"]["coding"][0]["code"] == "pat"


@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_answer_twice_is_written_once(action: Action) -> None:
    services, fhir = stage(appointment())
    asyncio.run(answer_appointment(services, effect(action)))
    asyncio.run(answer_appointment(services, effect(action)))
    assert len(fhir.written) == 1


@pytest.mark.parametrize(("resource", "code"), [
    (None, "appointment-gone"),
    (appointment(start=Instant(START + HOUR)), "appointment-moved"),
    (appointment("fulfilled"), "appointment-over"),
    (appointment("noshow"), "appointment-over"),
    (appointment("entered-in-error"), "appointment-over"),
    ({**appointment(), "participant": [{"actor": {"reference": "Patient/p2"}}]}, "not-a-participant"),
    ({**appointment(), "participant": [{"actor": {"display": "Ana"}}]}, "not-a-participant"),
    ({**appointment(), "participant": "nobody"}, "not-a-participant"),
    ({**appointment(), "start": "soon"}, "appointment-moved"),
])  # fmt: skip
@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_not_that_appointment_any_more_takes_no_answer(
    resource: dict[str, Any] | None, code: str, action: Action
) -> None:
    services, fhir = stage(resource)
    with pytest.raises(Rejected) as refused:
        asyncio.run(answer_appointment(services, effect(action)))
    assert refused.value.code == code
    assert not fhir.written


def test_one_that_is_cancelled_is_cancelled_and_takes_no_confirmation() -> None:
    services, fhir = stage(appointment("cancelled"))
    asyncio.run(answer_appointment(services, effect("cancel")))
    with pytest.raises(Rejected):
        asyncio.run(answer_appointment(services, effect("confirm")))
    assert not fhir.written


def test_the_time_that_was_told_is_compared_as_an_instant() -> None:
    """The server may write another offset, and fractions."""
    resource = {**appointment(), "start": "2026-03-12T10:30:00.000-04:00"}
    assert answered(resource, "confirm", "Patient/p1", START, UTC) is not None


def test_it_looks_again_when_others_write_and_gives_up_when_they_go_on() -> None:
    services, fhir = stage(appointment())
    fhir.others = [lambda a: {**a, "comment": "bring your card"}] * (ATTEMPTS - 1)
    asyncio.run(answer_appointment(services, effect("cancel")))
    assert held(fhir)["status"] == "cancelled"
    services, fhir = stage(appointment())
    fhir.others = [lambda a: {**a, "comment": "bring your card"}] * ATTEMPTS
    with pytest.raises(Conflict):
        asyncio.run(answer_appointment(services, effect("cancel")))
    assert held(fhir)["status"] == "booked"


def test_a_write_whose_answer_was_lost_is_found_to_be_done() -> None:
    class Lossy(BusyFhir):
        async def update(self, resource: Mapping[str, object], if_match: str | None = None) -> str:
            version = await super().update(resource, if_match)
            if if_match is not None:
                raise Unavailable("the connection broke")
            return version

    fhir = Lossy(Time())
    services = replace(in_memory(Time()), fhir=fhir)
    asyncio.run(fhir.update(appointment()))
    with pytest.raises(Unavailable):
        asyncio.run(answer_appointment(services, effect("cancel")))
    asyncio.run(answer_appointment(services, effect("cancel")))
    assert len(fhir.written) == 1


MOVES = st.sampled_from([Instant(START - HOUR), START, Instant(START + HOUR)])


def changes() -> st.SearchStrategy[Change]:
    moved = MOVES.map(lambda at: lambda a: {**a, "start": iso(at), "end": iso(Instant(at + HOUR))})
    status = st.sampled_from([*sorted(OPEN), "arrived", "fulfilled", "cancelled", "noshow"])
    turned = status.map(lambda word: lambda a: {**a, "status": word})
    given_away: st.SearchStrategy[Change] = st.sampled_from(["Patient/p1", "Patient/p2"]).map(
        lambda who: lambda a: {**a, "participant": [{"actor": {"reference": who}, "status": "accepted"}]}
    )
    noted: st.SearchStrategy[Change] = st.just(lambda a: {**a, "comment": "fasting"})
    return st.one_of(moved, turned, given_away, noted)


@given(
    before=st.lists(changes(), max_size=3),
    during=st.lists(changes(), max_size=ATTEMPTS + 1),
    action=st.sampled_from(ACTIONS),
)
def test_never_another_appointment_than_the_one_that_was_asked_about(
    before: list[Change], during: list[Change], action: Action
) -> None:
    """Whatever others write between the question, the answer and each of our writes."""
    services, fhir = stage(appointment())
    for change in before:
        asyncio.run(fhir.change(change))
    fhir.others = list(during)
    outcome = "done"
    try:
        asyncio.run(answer_appointment(services, effect(action)))
    except (Rejected, Conflict) as refused:
        outcome = type(refused).__name__
    for over, wrote in fhir.written:
        assert over["start"] == iso(START) == wrote["start"]
        assert over["status"] in OPEN
        assert "Patient/p1" in str(over["participant"])
        assert {k: v for k, v in wrote.items() if k not in CHANGED} == {
            k: v for k, v in over.items() if k not in CHANGED
        }
    assert len(fhir.written) <= (outcome == "done")
    if outcome == "done":
        after = held(fhir)
        assert after["start"] == iso(START)
        assert (after["status"] == "cancelled") == (action == "cancel")


CHANGED = {"meta", "status", "participant", "cancelationReason"}

"""One phone for a family gets one message, whoever is woken first and whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.catalogue import Document
from shared.errors import Unavailable
from shared.events import EnrolAsked
from shared.fhir.instants import MINUTE
from shared.message.outbound import Accepted, OutboundMessage, SendResult, Unknown
from shared.message.policy import Policy
from shared.patient.record import patient_key
from shared.patient.state import Message
from shared.usecases.jobs import Change, Report, Wake
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.report import take_report
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.wake import wake
from tests.unit.memory_kit import Time, in_memory, person, server

JOURNEY = "https://x.example/journeys/check"
TEMPLATE = "https://x.example/templates/check"
PHONE = "+12125550142"
BUNDLING = Policy().bundling
NAMES = ("Ana", "Ben", "Cleo", "Dan", "Eva")


class Phone:
    """A channel that remembers what it was given."""

    def __init__(self) -> None:
        self.got: list[OutboundMessage] = []
        self.answer: SendResult = Accepted("p")

    async def send(self, message: OutboundMessage) -> SendResult:
        self.got.append(message)
        return self.answer


class Family:
    """Patients with one phone, and what it got."""

    def __init__(self, *names: str, phone: str = PHONE) -> None:
        self.clock = Time()
        self.phone = Phone()
        self.services: Services = replace(in_memory(self.clock), channels={"sms": self.phone})
        self.names = names
        self.number = phone
        self.turns = 0

    async def move_in(self) -> None:
        await publish(self.services, (Document("journey", "j.yaml", _journey()), _template()))
        for name in self.names:
            await server(self.services).update(_resident(name, self.number))
            await take_change(self.services, Change("Patient", name), self._trigger())

    async def asked(self, *names: str) -> None:
        for name in names:
            await react(self.services, patient_key(name), [EnrolAsked(JOURNEY, "c", "w")], self._trigger())

    async def woken(self, *names: str) -> None:
        for name in names:
            await wake(self.services, Wake(patient_key(name), self.clock.at), self._trigger())

    async def message(self, name: str) -> Message:
        (found,) = await self.services.patients.messages(patient_key(name))
        return found

    async def statuses(self) -> set[tuple[str, str]]:
        return {((m := await self.message(name)).status, m.delivery) for name in self.names}

    def _trigger(self) -> Trigger:
        self.turns += 1
        return Trigger(f"t{self.turns}")


def _journey() -> dict[str, Any]:
    send = {"id": "tell", "kind": "send", "template": TEMPLATE, "channels": ["sms"]}
    wait = {"id": "wait", "kind": "wait", "duration": "P30D"}
    return {
        "url": JOURNEY,
        "version": "1.0.0",
        "title": "J",
        "trigger": {"manual": True},
        "steps": [send, wait, {"id": "end", "kind": "exit"}],
    }


def _template() -> Document:
    words = {"text": {"en": "Clinic: {{ patient.given }}"}, "bundle": {"en": "Clinic: {{ bundle.names }}"}}
    body = {"url": TEMPLATE, "version": "1.0.0", "title": "T", "channels": {"sms": words}}
    return Document("template", "t.yaml", body)


def _resident(name: str, phone: str) -> dict[str, object]:
    contact = {"system": "phone", "use": "mobile", "value": phone}
    return person(name, name=[{"given": [name], "family": "Lopez"}], telecom=[contact])


async def test_five_children_one_phone_one_message() -> None:
    """Each of the five is told of, and each record says what became of it."""
    family = Family(*NAMES)
    await family.move_in()
    await family.asked(*NAMES)
    assert family.phone.got == []
    family.clock.passes(BUNDLING)
    for _ in range(4):
        await family.woken(*NAMES)
        family.clock.passes(2 * MINUTE)
    (only,) = family.phone.got
    assert all(name in only.text for name in NAMES)
    assert await family.statuses() == {("completed", "sent")}
    carried = [await family.message(name) for name in NAMES]
    assert sorted(bool(m.carried_by) for m in carried) == [False, True, True, True, True]


async def test_who_has_a_phone_alone_waits_as_long_and_is_written_to_alone() -> None:
    """Nobody knows who shares a phone before they are written to."""
    family = Family("Ana")
    await family.move_in()
    await family.asked("Ana")
    family.clock.passes(BUNDLING)
    await family.woken("Ana")
    assert [m.text for m in family.phone.got] == ["Clinic: Ana"]


async def test_a_report_on_the_one_is_a_report_on_all() -> None:
    family = Family("Ana", "Ben")
    await family.move_in()
    await family.asked("Ana", "Ben")
    family.clock.passes(BUNDLING)
    await family.woken("Ana", "Ben")
    family.clock.passes(2 * MINUTE)
    await family.woken("Ana", "Ben")
    (only,) = family.phone.got
    key, message_id = only.tag.split(" ")[:2]
    await take_report(family.services, Report(message_id, key, "delivered", family.clock.at), Trigger("r"))
    assert await family.statuses() == {("completed", "delivered")}


async def test_what_is_not_known_of_the_one_is_not_known_of_any() -> None:
    family = Family("Ana", "Ben")
    family.phone.answer = Unknown("lost")
    await family.move_in()
    await family.asked("Ana", "Ben")
    for _ in range(4):
        family.clock.passes(BUNDLING)
        await family.woken("Ana", "Ben")
    assert len(family.phone.got) == 1
    assert await family.statuses() == {("unknown", "")}


async def test_who_has_died_is_not_told_of() -> None:
    """The guard looks at each of them anew, and the others' message goes without."""
    family = Family("Ana", "Ben", "Cleo")
    await family.move_in()
    await family.asked(*family.names)
    dead = {**_resident("Ben", PHONE), "deceasedBoolean": True}
    await server(family.services).update(dead)
    family.clock.passes(BUNDLING)
    for _ in range(4):
        await family.woken("Ana", "Cleo", "Ben")
        family.clock.passes(2 * MINUTE)
    (only,) = family.phone.got
    assert "Ana" in only.text
    assert "Cleo" in only.text
    assert "Ben" not in only.text
    assert (await family.message("Ben")).status_reason == "the patient has died"


@given(order=st.permutations(NAMES), rounds=st.lists(st.permutations(NAMES), min_size=6, max_size=6))
async def test_whoever_is_woken_first_nobody_is_told_of_twice(
    order: list[str], rounds: list[list[str]]
) -> None:
    """In any order of asking and waking: one message a round of waiting at most, each name in exactly one."""
    family = Family(*NAMES)
    await family.move_in()
    for name in order:
        await family.asked(name)
        family.clock.passes(MINUTE)
    family.clock.passes(BUNDLING)
    for turn in rounds:
        await asyncio.gather(*(family.woken(name) for name in turn))
        family.clock.passes(BUNDLING)
    told = [name for message in family.phone.got for name in NAMES if name in message.text]
    assert sorted(told) == sorted(NAMES)
    assert len(family.phone.got) == 1
    assert await family.statuses() == {("completed", "sent")}


@pytest.mark.parametrize("at", range(12))
async def test_a_crash_leaves_no_double(at: int) -> None:
    """Storage fails once at some call; the queue repeats; each is told of once, or its fate is unknown."""
    family = Family("Ana", "Ben", "Cleo")
    await family.move_in()
    await family.asked(*family.names)
    family.clock.passes(BUNDLING)
    inner = family.services
    calls = [0]

    class Shaky:
        """Patients whose store goes away once."""

        def __getattr__(self, name: str) -> object:
            return getattr(inner.patients, name)

        async def commit(self, *given: Any) -> object:
            calls[0] += 1
            if calls[0] == at:
                raise Unavailable("storage is away")
            return await inner.patients.commit(*given)

    shaky: Any = Shaky()
    family.services = replace(inner, patients=shaky)
    for _ in range(6):
        for name in family.names:
            try:
                await family.woken(name)
            except Unavailable:
                await wake(
                    family.services,
                    Wake(patient_key(name), family.clock.at),
                    Trigger(f"t{family.turns}", 2),
                )
        family.clock.passes(BUNDLING)
    told = [name for message in family.phone.got for name in family.names if name in message.text]
    assert len(told) == len(set(told))
    for name in family.names:
        held = await family.message(name)
        assert held.status in ("completed", "unknown"), held.status_reason
        assert held.status == "unknown" or name in told

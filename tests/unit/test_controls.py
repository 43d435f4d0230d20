"""Switching journeys and sending: all hear of it, nothing is lost, and it is known who did it and why."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from shared.adapters.memory import MemoryDocuments
from shared.catalogue import Document, publication
from shared.errors import Conflict, Invalid, Rejected
from shared.events import EnrolAsked
from shared.fhir.instants import DAY, HOUR
from shared.journey.controls import FREE, Controls
from shared.message.outbound import Accepted
from shared.patient.record import patient_key
from shared.queues import POPULATIONS
from shared.usecases import controls
from shared.usecases.jobs import Change, Populate, decode_job
from shared.usecases.populate import populate, start_population
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.shelf import CATALOGUE, CURRENT, load_documents, load_shelf
from shared.usecases.take_change import take_change
from shared.usecases.wake import queue_due, wake
from tests.unit.memory_kit import Time, in_memory, person, record, server

BASE = "https://hearthline.example"
JOURNEY = f"{BASE}/journeys/care"
PHONE = [{"system": "phone", "use": "mobile", "value": "+12065550123"}]
HELLO = Document(
    "template",
    "hello.yaml",
    {
        "url": f"{BASE}/templates/hello",
        "version": "1",
        "title": "Hello",
        "channels": {"sms": {"text": {"en": "Hello"}}},
    },
)


def send(step: str) -> dict[str, Any]:
    return {"id": step, "kind": "send", "template": f"{BASE}/templates/hello", "channels": ["sms"]}


def journey(version: str = "1", **more: Any) -> Document:
    day = {"id": "a-day", "kind": "wait", "duration": "P1D"}
    body = {"url": JOURNEY, "version": version, "title": "Care", "trigger": {"manual": True}}
    body |= {"re_entry": "after-exit", "steps": [send("first"), day, send("second")]}
    return Document("journey", f"care-{version}.yaml", {**body, **more})


class Phone:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, message: object) -> Accepted:
        self.sent += 1
        return Accepted(f"sms-{self.sent}")


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
async def services(clock: Time, phone: Phone) -> Services:
    """Publish a journey, and know a patient with a phone."""
    made = msgspec.structs.replace(in_memory(clock), channels={"sms": phone})
    await publish(made, (HELLO, journey()))
    await server(made).update(person("ann", telecom=PHONE))
    await take_change(made, Change("Patient", "ann"), Trigger("t0"))
    return made


async def enter(services: Services, cause: str = "one") -> None:
    asked = EnrolAsked(JOURNEY, cause, "asked for")
    await react(services, patient_key("ann"), [asked], Trigger(f"enter-{cause}"))


async def looked(services: Services, switched: controls.Switched) -> None:
    """Have everybody looked at, as the command does after a switch."""
    assert switched.population
    await start_population(services, switched.population)
    while POPULATIONS in services.queue.waiting():
        letter = services.queue.take(POPULATIONS)
        job = decode_job(letter.body)
        assert isinstance(job, Populate)
        await populate(services, job, Trigger(letter.letter_id, letter.deliveries))


async def passes(services: Services, clock: Time, length: int) -> None:
    """Let time pass, and wake who is due."""
    clock.passes(length)
    await queue_due(services)
    while "wakeups" in services.queue.waiting():
        letter = services.queue.take("wakeups")
        await wake(services, decode_job(letter.body), Trigger(letter.letter_id))


async def held(services: Services) -> list[tuple[str, str, str]]:
    found = (await record(services, "ann")).enrolments.values()
    return [(enrolment.status, enrolment.held, enrolment.step) for enrolment in found]


class TestSending:
    """The kill switch."""

    async def test_nothing_goes_out_while_it_is_off_and_all_once_it_is_on(
        self, services: Services, clock: Time, phone: Phone
    ) -> None:
        off = await controls.switch_sending(services, on=False, by="u1", reason="wrong text")
        assert (off.controls.sending, off.population) == (False, "")
        await enter(services)
        assert phone.sent == 0
        await passes(services, clock, 3 * DAY - 1)  # from then on the first would be too late
        assert phone.sent == 0
        assert await held(services) == []  # the journey itself went on
        on = await controls.switch_sending(services, on=True, by="u1", reason="mended")
        assert phone.sent == 0
        await looked(services, on)
        assert phone.sent == 2

    async def test_who_is_not_looked_at_is_told_within_the_hour(
        self, services: Services, clock: Time, phone: Phone
    ) -> None:
        await controls.switch_sending(services, on=False, by="u1", reason="test")
        await enter(services)
        await controls.switch_sending(services, on=True, by="u1", reason="test")
        await passes(services, clock, HOUR)
        assert phone.sent == 1


class TestJourney:
    """Pause, resume, stop."""

    async def test_a_pause_keeps_everybody_where_they_are(
        self, services: Services, clock: Time, phone: Phone
    ) -> None:
        await enter(services)
        assert phone.sent == 1
        await looked(services, await controls.pause_journey(services, JOURNEY, "u1", "thinking"))
        await passes(services, clock, 2 * DAY)
        assert await held(services) == [("on-hold", "paused", "second")]
        assert phone.sent == 1
        await looked(services, await controls.resume_journey(services, JOURNEY, "u1", "thought"))
        assert await held(services) == []
        assert phone.sent == 2

    async def test_who_enters_during_a_pause_begins_after_it(self, services: Services, phone: Phone) -> None:
        await controls.pause_journey(services, JOURNEY, "u1", "thinking")
        await enter(services)
        assert (phone.sent, await held(services)) == (0, [("on-hold", "paused", "first")])
        await looked(services, await controls.resume_journey(services, JOURNEY, "u1", "thought"))
        assert (phone.sent, await held(services)) == (1, [("active", "", "a-day")])

    async def test_a_stop_makes_everybody_leave_and_nobody_enter(
        self, services: Services, clock: Time, phone: Phone
    ) -> None:
        await enter(services)
        await looked(services, await controls.stop_journey(services, JOURNEY, "u1", "harmful"))
        assert await held(services) == []
        await enter(services, "two")
        await passes(services, clock, 2 * DAY)
        assert (phone.sent, await held(services)) == (1, [])
        await controls.resume_journey(services, JOURNEY, "u1", "harmless")
        await enter(services, "three")
        assert phone.sent == 2

    async def test_it_must_be_published(self, services: Services) -> None:
        for switch in (controls.pause_journey, controls.resume_journey, controls.stop_journey):
            with pytest.raises(Rejected, match="no journey of this url"):
                await switch(services, f"{JOURNEY}s", "u1", "test")

    @pytest.mark.parametrize(("by", "reason"), [("", "why"), ("u1", " ")])
    async def test_somebody_does_it_for_a_reason(self, services: Services, by: str, reason: str) -> None:
        with pytest.raises(Rejected, match="a reason"):
            await controls.pause_journey(services, JOURNEY, by, reason)


class TestWinner:
    """The end of an A/B test."""

    @pytest.fixture
    async def split(self, services: Services) -> str:
        ways = [{"name": name, "weight": 1, "next": f"end-{name}"} for name in ("a", "b")]
        ends = [{"id": f"end-{name}", "kind": "exit", "reason": f"way {name}"} for name in ("a", "b")]
        steps = [{"id": "which", "kind": "split", "ways": ways}, *ends]
        await publish(services, (journey("2", steps=steps),))
        return f"{JOURNEY}|2"

    @pytest.mark.parametrize("way", ["a", "b"])
    async def test_everybody_goes_that_way(self, services: Services, split: str, way: str) -> None:
        won = await controls.set_winner(services, split, "which", way, "tests", "more came")
        assert won.population == ""
        for cause in "12345":
            await enter(services, cause)
        lines = await services.patients.timeline(patient_key("ann"))
        ends = [line.text for line in lines if line.text.startswith("Left Care")]
        assert ends == [f"Left Care: way {way}"] * 5

    @pytest.mark.parametrize(
        ("canonical", "step", "way"),
        [(f"{JOURNEY}|3", "which", "a"), (f"{JOURNEY}|2", "whose", "a"), (f"{JOURNEY}|2", "which", "c")],
    )
    async def test_there_must_be_such_a_way(
        self, services: Services, split: str, canonical: str, step: str, way: str
    ) -> None:
        with pytest.raises(Rejected):
            await controls.set_winner(services, canonical, step, way, "tests", "more came")
        assert await controls.controls(services) == FREE


class TestPublications:
    """A switch is a publication of its own, and publications keep switches."""

    async def test_versions_only_grow_and_everybody_hears(self, services: Services) -> None:
        numbers = [publication((await load_shelf(services.documents))[0].version)]
        for switch in (
            lambda: controls.pause_journey(services, JOURNEY, "u1", "x"),
            lambda: controls.switch_sending(services, on=False, by="u1", reason="x"),
            lambda: controls.resume_journey(services, JOURNEY, "u1", "x"),
        ):
            switched = await switch()
            numbers.append(publication(switched.version))
            catalogue = await services.definitions.current()
            assert (catalogue.version, catalogue.controls) == (switched.version, switched.controls)
        assert numbers == [1, 2, 3, 4]

    async def test_what_is_so_already_is_no_publication(self, services: Services) -> None:
        first = await controls.pause_journey(services, JOURNEY, "u1", "x")
        again = await controls.pause_journey(services, JOURNEY, "u2", "y")
        assert (first.changed, again.changed, again.version) == (True, False, first.version)
        assert [each.by for each in await controls.switchings(services)] == ["u1"]

    async def test_definitions_published_later_keep_the_switches(self, services: Services) -> None:
        await controls.pause_journey(services, JOURNEY, "u1", "x")
        await publish(services, (journey("2"),))
        assert (await services.definitions.current()).controls == Controls(paused=frozenset({JOURNEY}))

    async def test_it_is_written_down_who_did_what(self, services: Services, clock: Time) -> None:
        await controls.pause_journey(services, JOURNEY, "u1", "x")
        clock.passes(HOUR)
        await controls.switch_sending(services, on=False, by="u2", reason="y")
        found = await controls.switchings(services)
        assert [(each.number, each.action, each.what, each.by, each.reason) for each in found] == [
            (2, "pause", JOURNEY, "u1", "x"),
            (3, "sending off", "", "u2", "y"),
        ]
        assert found[1].at == clock.at

    async def test_a_switch_whose_author_dies_is_written_down_all_the_same(
        self, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def dies(*_: object) -> None:
            raise RuntimeError

        with monkeypatch.context() as patched:
            patched.setattr(controls, "_keep", dies)
            with pytest.raises(RuntimeError):
                await controls.pause_journey(services, JOURNEY, "u1", "x")
        assert [each.by for each in await controls.switchings(services)] == ["u1"]
        await controls.resume_journey(services, JOURNEY, "u2", "y")
        assert [each.by for each in await controls.switchings(services)] == ["u1", "u2"]

    async def test_an_old_shelf_has_nothing_switched(self, services: Services) -> None:
        shelf, etag = await load_shelf(services.documents)
        old = {"version": shelf.version, "documents": shelf.documents}
        await services.documents.put(CATALOGUE, CURRENT, msgspec.json.encode(old), etag)
        assert (await load_shelf(services.documents))[0].controls == FREE


class Rivals(MemoryDocuments):
    """Documents that let others come in between reading and writing."""

    async def get(self, kind: str, name: str) -> tuple[bytes, str] | None:
        found = await super().get(kind, name)
        await asyncio.sleep(0)
        return found


class TestRivals:
    """Several publishers and switchers at the same time."""

    @pytest.fixture
    def rivals(self, clock: Time) -> Services:
        return msgspec.structs.replace(in_memory(clock), documents=Rivals())

    async def test_what_each_of_them_does_is_done(self, rivals: Services) -> None:
        await publish(rivals, (HELLO, journey("1")))
        await asyncio.gather(
            publish(rivals, (journey("2"),)),
            publish(rivals, (journey("3"),)),
            controls.pause_journey(rivals, JOURNEY, "u1", "x"),
            controls.switch_sending(rivals, on=False, by="u2", reason="y"),
        )
        shelf, _ = await load_shelf(rivals.documents)
        assert publication(shelf.version) == 5
        assert {f"journey {JOURNEY}|{version}" for version in "123"} <= set(shelf.documents)
        assert shelf.controls == Controls(sending=False, paused=frozenset({JOURNEY}))
        assert len(await controls.switchings(rivals)) == 2

    async def test_of_two_contents_of_one_version_the_first_stays(self, rivals: Services) -> None:
        await publish(rivals, (HELLO,))
        one, other = journey("1"), journey("1", title="Other")
        outcomes = await asyncio.gather(
            publish(rivals, (one,)), publish(rivals, (other,)), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Invalid", "Published"]
        winner = one if not isinstance(outcomes[0], Invalid) else other
        shelf, _ = await load_shelf(rivals.documents)
        assert winner in await load_documents(rivals.documents, shelf)

    async def test_who_never_comes_first_is_told(self, rivals: Services) -> None:
        class Busy(MemoryDocuments):
            async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
                if kind == CATALOGUE:
                    raise Conflict("somebody else wrote")
                return await super().put(kind, name, body, etag)

        with pytest.raises(Conflict):
            await publish(msgspec.structs.replace(rivals, documents=Busy()), (HELLO,))

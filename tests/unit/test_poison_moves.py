"""What was given up: ids are shown and nothing else; replayed it is new; purged it is written down first."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from types import NoneType, UnionType

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_kit import Time, in_memory

from shared.adapters.memory import MemoryQueue
from shared.adapters.poison_memory import MemoryPoison
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant
from shared.ports import PoisonMessage
from shared.queues import CHANGES, INBOUND, NOTIFICATIONS, QUEUES, WAKEUPS
from shared.usecases.jobs import (
    Change,
    Changes,
    Envelope,
    Inbound,
    Job,
    Wake,
    decode_job,
    encode_job,
    envelope_of,
)
from shared.usecases.poison import PURGES, begun_anew, counts, purge, purges, replay, show
from shared.usecases.poison_shown import FIELDS, STRANGE, look_at, shown
from shared.usecases.services import Services

JOBS: tuple[type[msgspec.Struct], ...] = typing.get_args(Job.__value__)
NEVER = {"text", "sender", "resource", "answers", "permits", "denials", "reason", "status", "code", "recover"}
"""Fields that say something of a person, by name: none is ever to be listed."""
SINCE = Instant(1_700_000_000_000_000)


class Marked:
    """Makes values in which each field says whose it is, by text that could be an id."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}
        """Path of a field → what stands there, as text."""

    def made(self, kind: object, path: str) -> object:
        """Make a value of a type."""
        kind = getattr(kind, "__supertype__", getattr(kind, "__value__", kind))
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Literal:
            return self._mark(path, inner[-1])
        if origin in (UnionType, typing.Union):
            return self.made(next(each for each in inner if each is not NoneType), path)
        if origin is tuple:
            return (self.made(inner[0], path),)
        if origin is dict:
            return {"name": self.made(str, f"{path}.name")}
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            fields = msgspec.structs.fields(kind)
            return kind(**{each.name: self.made(each.type, f"{path}.{each.name}") for each in fields})
        if kind is bool:
            return True
        number = 900_000_000 + len(self.marks)
        return self._mark(path, number if kind is int else f"mark-{number}")

    def _mark(self, path: str, value: object) -> object:
        self.marks[path] = str(value)
        return value


def given_up(body: bytes, queue: str = CHANGES, letter_id: str = "1", **more: object) -> PoisonMessage:
    return PoisonMessage(queue, letter_id, body, SINCE, **more)


@pytest.mark.parametrize("kind", JOBS, ids=lambda kind: kind.__name__)
def test_of_every_job_the_listed_ids_are_shown_and_no_other_field(kind: type[msgspec.Struct]) -> None:
    """A field that is added later is not shown by accident, whatever it is called."""
    marked = Marked()
    job = marked.made(kind, "job")
    seen = look_at(given_up(encode_job(job), reason="R"))
    assert seen.kind == kind.__struct_config__.tag
    allowed = {marked.marks[f"job.{name}"] for name in FIELDS[kind]}
    if isinstance(job, Changes):
        allowed |= {f"{each.resource_type}/{each.resource_id}" for each in job.changes} | {"1"}
    if kind.__name__ == "WakeMany":
        allowed |= {job.wakes[0].key, "1"}
    assert {value for _, value in seen.ids} == allowed
    words = str(seen)
    hidden = [path for path, mark in marked.marks.items() if mark in words and mark not in str(allowed)]
    assert hidden == []


def test_every_job_is_listed_and_nothing_that_says_something_of_a_person() -> None:
    assert set(FIELDS) == set(JOBS)
    assert {name for names in FIELDS.values() for name in names} & NEVER == set()
    known = {kind: {field.name for field in msgspec.structs.fields(kind)} for kind in JOBS}
    assert all(set(names) <= known[kind] for kind, names in FIELDS.items())


@given(st.text())
def test_an_id_that_does_not_look_like_one_is_not_shown(text: str) -> None:
    """Somebody's name in the place of an id has blanks, or letters that no id has."""
    shown_as = dict(shown(Wake(text, SINCE))).get("key", "")
    assert shown_as in (text, STRANGE)
    if not text.isascii() or set(text) & set(" @+'\"<>\n"):
        assert shown_as == STRANGE


def test_events_of_event_grid_are_shown_by_id_and_kind() -> None:
    event = {"id": "e-1", "subject": "sender/+15555550100", "data": {"message": "I feel sick"}}
    grid = [event | {"eventType": "Microsoft.Communication.SMSReceived"}]
    told = look_at(given_up(orjson.dumps(grid), NOTIFICATIONS))
    assert (told.kind, told.ids) == (
        "event",
        (("events", "1"), ("type", "Microsoft.Communication.SMSReceived"), ("id", "e-1")),
    )
    cloud = look_at(given_up(orjson.dumps(event | {"type": "a.b", "specversion": "1.0"}), NOTIFICATIONS))
    assert cloud.ids == (("events", "1"), ("type", "a.b"), ("id", "e-1"))


@given(st.binary())
def test_whatever_is_no_job_is_counted_in_bytes(body: bytes) -> None:
    seen = look_at(given_up(body))
    assert seen.kind in ("unknown", "event")
    assert seen.kind == "event" or seen.ids == (("bytes", str(len(body))),)


def test_what_goes_along_tells_its_trace_and_how_often_it_was_tried() -> None:
    envelope = Envelope(trace=f"00-{'a' * 32}-{'b' * 16}-01", trigger="t", deliveries=5)
    body = encode_job(Wake("k", SINCE), envelope)
    seen = look_at(given_up(body, deliveries=8, reason="MaxDeliveryCountExceeded: it failed"))
    assert (seen.trace, seen.deliveries, seen.since) == ("a" * 32, 13, SINCE)
    assert seen.reason == "MaxDeliveryCountExceeded: it failed"
    assert look_at(given_up(body)).deliveries is None
    assert look_at(given_up(encode_job(Wake("k", SINCE)), deliveries=8)).trace == ""


@given(st.integers(0, 20), st.text(max_size=5), st.text(max_size=5))
def test_a_job_that_begins_anew_keeps_all_but_its_tries(deliveries: int, trace: str, trigger: str) -> None:
    job = Change("Patient", "1", resource={"resourceType": "Patient", "id": "1"})
    again = begun_anew(encode_job(job, Envelope(trace, trigger, deliveries)))
    assert decode_job(again) == job
    assert envelope_of(again) == Envelope(trace, trigger, 0)


def test_what_a_newer_version_put_into_a_job_is_kept() -> None:
    body = orjson.dumps({"type": "wake", "key": "k", "due": 1, "new": {"x": [1.50]}, "@deliveries": 3})
    assert orjson.loads(begun_anew(body)) == {"type": "wake", "key": "k", "due": 1, "new": {"x": [1.5]}}


class Sent(MemoryQueue):
    """A queue that notes how it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, str]] = []
        self.fails_at = -1

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        if len(self.asked) == self.fails_at:
            raise Unavailable("the queue is away")
        self.asked.append((queue, session, once))
        await super().send(queue, body, delay)


@pytest.fixture
def services() -> Services:
    return msgspec.structs.replace(in_memory(Time()), queue=Sent())


@pytest.fixture
def poison() -> MemoryPoison:
    """Three changes and a wake-up that were given up."""
    memory = MemoryPoison()
    for number in (1, 2, 3):
        body = encode_job(Change("Observation", str(number), "1"), Envelope(deliveries=5))
        memory.give_up(given_up(body, letter_id=f"c{number}"))
    memory.give_up(given_up(encode_job(Wake("k", SINCE)), WAKEUPS, "w1"))
    return memory


def bodies(services: Services, queue: str) -> Iterator[Job]:
    assert isinstance(services.queue, Sent)
    return (decode_job(letter.body) for letter in services.queue.queues[queue])


async def test_each_queue_is_counted(poison: MemoryPoison) -> None:
    found = {each.queue: each.count for each in await counts(poison)}
    assert found == {**dict.fromkeys(QUEUES, 0), CHANGES: 3, WAKEUPS: 1}


async def test_chosen_messages_go_back_as_new_and_are_never_taken_for_repetitions(
    services: Services, poison: MemoryPoison
) -> None:
    done = await replay(services, poison, CHANGES, ["c3", "c1", "c9"])
    assert (set(done.done), done.missing) == ({"c1", "c3"}, ("c9",))
    assert {job.resource_id for job in bodies(services, CHANGES)} == {"1", "3"}
    assert all(not envelope_of(letter.body).deliveries for letter in services.queue.queues[CHANGES])
    asked = {(CHANGES, "Observation/1", ""), (CHANGES, "Observation/3", "")}
    assert set(services.queue.asked) == asked
    assert [each.letter_id for each in await show(poison, CHANGES, 9)] == ["c2"]


async def test_all_go_back_in_their_order(services: Services, poison: MemoryPoison) -> None:
    await replay(services, poison, CHANGES, None)
    assert [job.resource_id for job in bodies(services, CHANGES)] == ["1", "2", "3"]


async def test_what_cannot_be_sent_stays_where_it_was(services: Services, poison: MemoryPoison) -> None:
    services.queue.fails_at = 1
    with pytest.raises(Unavailable, match="the queue is away; 1 of them were done"):
        await replay(services, poison, CHANGES, None)
    assert [each.letter_id for each in await show(poison, CHANGES, 9)] == ["c2", "c3"]


async def test_rubbish_goes_back_as_it_is(services: Services) -> None:
    poison = MemoryPoison()
    poison.give_up(given_up(b"\xff[1", NOTIFICATIONS))
    await replay(services, poison, NOTIFICATIONS, None)
    assert services.queue.queues[NOTIFICATIONS][0].body == b"\xff[1"
    poison.give_up(given_up(b"x" * 50_000, NOTIFICATIONS))
    with pytest.raises(Unavailable, match="does not take message 1"):
        await replay(services, poison, NOTIFICATIONS, None)


async def test_who_throws_what_away_and_why_is_written_down_before_it_is_gone(services: Services) -> None:
    poison = MemoryPoison()
    said = Inbound("in-1", "sms", "+15555550100", "I feel sick", SINCE)
    poison.give_up(given_up(encode_job(said), INBOUND, "i1"))
    assert (await purge(services, poison, INBOUND, None, "u17", "a test's")).done == ("i1",)
    assert (await counts(poison))[QUEUES.index(INBOUND)].count == 0
    (noted,) = await purges(services)
    assert (noted.by, noted.reason, noted.queue, noted.letter_id) == ("u17", "a test's", INBOUND, "i1")
    assert (noted.kind, noted.ids) == ("inbound", (("inbound_id", "in-1"), ("channel", "sms")))
    kept = b"".join([body async for _, body in services.documents.all(PURGES)])
    assert b"sick" not in kept
    assert b"5555" not in kept


async def test_nothing_is_thrown_away_that_could_not_be_written_down(
    services: Services, poison: MemoryPoison, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> str:
        raise Unavailable("storage is away")

    monkeypatch.setattr(services.documents, "put", away)
    with pytest.raises(Unavailable, match="0 of them"):
        await purge(services, poison, CHANGES, None, "u17", "because")
    assert len(await show(poison, CHANGES, 9)) == 3


@pytest.mark.parametrize(("by", "reason"), [("", "x"), ("x", " ")])
async def test_throwing_away_needs_a_name_and_a_reason(
    services: Services, poison: MemoryPoison, by: str, reason: str
) -> None:
    with pytest.raises(Rejected, match="needs somebody"):
        await purge(services, poison, CHANGES, None, by, reason)


async def test_a_misspelt_queue_is_told(services: Services, poison: MemoryPoison) -> None:
    with pytest.raises(Rejected, match="no queue 'chnges': did you mean changes"):
        await show(poison, "chnges", 1)
    with pytest.raises(Rejected, match="did you mean changes"):
        await replay(services, poison, "changes-poison", None)
    with pytest.raises(Rejected, match="there are changes, wakeups, "):
        await purge(services, poison, "zzz", None, "u17", "because")

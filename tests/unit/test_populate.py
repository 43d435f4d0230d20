"""A population run over memory: who is looked at and written, how shards go on, and what is told of it."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.catalogue import Document
from shared.errors import Rejected, Unavailable
from shared.events import ResourceChanged
from shared.fhir.fact import ContactPoint, Fact, Person
from shared.fhir.instants import HOUR, Instant, parse_instant
from shared.message.policy import Policy
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.queues import OUTBOX, POPULATIONS
from shared.usecases.jobs import Populate, Refresh, decode_job
from shared.usecases.populate import populate, population_progress, start_population
from shared.usecases.population import Population, shard_at_first
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.sweep import sweep
from shared.usecases.wake import refresh

BASE = "https://hearthline.example"
WOMEN, YOUNG = f"{BASE}/segments/women", f"{BASE}/segments/young"
PEOPLE = 40


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = parse_instant("2026-03-02T15:00:00Z")

    def now(self) -> Instant:
        return self.at


class Counted(MemoryPatients):
    """Counts commits, and can be told to interfere with the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = 0
        self.before_commit = None

    async def range(self, lower, upper, limit):
        await asyncio.sleep(0)  # let others come in between
        return await super().range(lower, upper, limit)

    async def commit(self, stored, decision):
        await asyncio.sleep(0)
        if self.before_commit:
            interfere, self.before_commit = self.before_commit, None
            await interfere()
        self.commits += 1
        return await super().commit(stored, decision)


def made(kind, name: str, version: str = "1", **fields: object) -> Document:
    url = f"{BASE}/{kind}s/{name}"
    return Document(kind, f"{name}.yaml", {"url": url, "version": version, "title": name, **fields})


WOMEN_FIRST = made("segment", "women", criteria={"gender": "female"})
YOUNG_FIRST = made("segment", "young", criteria={"age": {"below": 30}})


@pytest.fixture
async def services() -> Services:
    """Store forty people, one in four a woman, looked at with a first publication."""
    clock, documents, policy = Clock(), MemoryDocuments(), Policy()
    made_up = Services(
        patients=Counted(),
        indexes=MemoryIndexes(),
        documents=documents,
        queue=MemoryQueue(),
        fhir=MemoryFhir(clock),
        channels={},
        definitions=PublishedDefinitions(documents, policy, 0.0),
        clock=clock,
        policy=policy,
    )
    first = await publish(made_up, (made("segment", "nobody", criteria={"gender": "unknown"}),))
    for number in range(PEOPLE):
        await _store(made_up, number, first.version)
    made_up.patients.commits = 0
    return made_up


async def _store(services: Services, number: int, catalogue: str) -> None:
    person = Person(
        f"p{number}",
        "1",
        1,
        gender="male" if number % 4 else "female",
        active=True,
        birth_date=f"{1960 + number}-06-01",
        telecom=(ContactPoint("phone", f"+12065550{number:03d}", "mobile"),),
    )
    key = patient_key(person.resource_id)
    record = PatientRecord(key, person.resource_id, person, Facts(), catalogue=catalogue)
    await services.patients.commit(await services.patients.load(key, person.resource_id), Decision(record))


async def work(services: Services, page: int = 7, seconds: float = 60.0) -> int:
    """Carry out all messages of the run; how many there were."""
    count = 0
    while POPULATIONS in services.queue.waiting():
        letter = services.queue.take(POPULATIONS)
        job = decode_job(letter.body)
        assert isinstance(job, Populate)
        await populate(services, job, Trigger(letter.letter_id, letter.deliveries), page, seconds)
        count += 1
    return count


async def test_members_are_committed_and_listed_and_nobody_else_is_written(services: Services) -> None:
    published = await publish(services, (WOMEN_FIRST,))
    await start_population(services, published.population)
    await work(services)
    women = sorted(patient_key(f"p{number}") for number in range(0, PEOPLE, 4))
    assert await services.indexes.members(WOMEN) == tuple(women)
    assert services.patients.commits == len(women)
    for key in women:
        record = (await services.patients.load(key)).record
        assert (record.catalogue, record.outbox) == (published.version, {})
        (line,) = await services.patients.timeline(key)
        assert line.text.startswith("Entered segment women: ")
    progress = await population_progress(services, published.population)
    assert progress is not None
    assert progress.finished == services.clock.now()
    assert (progress.looked_at, progress.committed, progress.entered, progress.left) == (PEOPLE, 10, 10, 0)
    assert {url: tally.members for url, tally in progress.segments.items()} == {WOMEN: 10}


async def test_a_flip_to_come_is_scheduled_before_the_commit(services: Services) -> None:
    """The young will be thirty one day; each is woken then."""
    published = await publish(services, (YOUNG_FIRST,))
    await start_population(services, published.population)
    await work(services)
    young = await services.indexes.members(YOUNG)
    assert len(young) == 4
    rows = services.indexes._wakeups
    for key in young:
        due = (await services.patients.load(key)).record.next_due
        assert (due, key) in rows


async def test_a_new_version_lets_members_leave(services: Services) -> None:
    first = await publish(services, (WOMEN_FIRST,))
    await start_population(services, first.population)
    await work(services)
    changed = made("segment", "women", "2", criteria={"all": [{"gender": "female"}, {"age": {"below": 30}}]})
    second = await publish(services, (changed,))
    await start_population(services, second.population)
    await work(services)
    progress = await population_progress(services, second.population)
    assert progress is not None
    assert (progress.entered, progress.left) == (0, 9)
    assert await services.indexes.members(WOMEN) == (patient_key("p36"),)


async def test_shards_cover_all_keys_once() -> None:
    for count in (1, 2, 3, 64):
        run = Population("1-0123456789abcdef", count, (), Instant(0))
        shards = [shard_at_first(run, number) for number in range(count)]
        assert shards[0].cursor == ""
        assert shards[-1].upper == "g"
        assert [shard.upper for shard in shards[:-1]] == [shard.cursor for shard in shards[1:]]
        keys = [patient_key(str(number)) for number in range(200)]
        homes = [sum(shard.cursor < key < shard.upper for shard in shards) for key in keys]
        assert homes == [1] * 200


async def test_each_message_hands_on_when_its_time_is_up(services: Services) -> None:
    published = await publish(services, (WOMEN_FIRST,))
    run = await start_population(services, published.population, shards=3)
    assert run.shards == 3
    messages = await work(services, page=2, seconds=0.0)
    assert messages >= PEOPLE // 2
    progress = await population_progress(services, published.population)
    assert progress is not None
    assert (progress.looked_at, progress.entered, progress.shards_done) == (PEOPLE, 10, 3)


async def test_messages_that_come_twice_count_nobody_twice(services: Services) -> None:
    """The same message in two hands at once, and once more when all is done."""
    published = await publish(services, (WOMEN_FIRST,))
    await start_population(services, published.population, shards=1)
    job = decode_job(services.queue.take(POPULATIONS).body)
    assert isinstance(job, Populate)
    await asyncio.gather(*(populate(services, job, Trigger("m", n), 3) for n in (1, 2)))
    await populate(services, job, Trigger("m", 3), 3)
    progress = await population_progress(services, published.population)
    assert progress is not None
    assert (progress.looked_at, progress.shards_done) == (PEOPLE, 1)
    assert len(await services.indexes.members(WOMEN)) == 10
    assert services.queue.waiting() == []


async def test_an_old_message_after_a_hand_on_sends_the_next_again(services: Services) -> None:
    """It may have died between saving the turn and sending the message of it."""
    published = await publish(services, (WOMEN_FIRST,))
    await start_population(services, published.population, shards=1)
    job = decode_job(services.queue.take(POPULATIONS).body)
    assert isinstance(job, Populate)
    await populate(services, job, Trigger("m"), 3, 0.0)
    lost = decode_job(services.queue.take(POPULATIONS).body)
    await populate(services, job, Trigger("m", 2), 3, 0.0)
    assert decode_job(services.queue.take(POPULATIONS).body) == lost == replace(job, turn=1)


async def test_a_conflict_is_decided_again(services: Services) -> None:
    """Somebody is told to be a man between the page and the commit."""
    published = await publish(services, (WOMEN_FIRST,))
    key = patient_key("p0")
    record = (await services.patients.load(key)).record
    assert record.person is not None
    man = replace(record.person, gender="male", version="2", updated=2)

    async def meanwhile() -> None:
        await react(services, key, [ResourceChanged(man)], Trigger("other"))

    services.patients.before_commit = meanwhile
    await start_population(services, published.population, shards=1)
    await work(services, page=100)
    members = await services.indexes.members(WOMEN)
    assert len(members) == 9
    assert key not in members


async def test_who_enters_a_journey_gets_its_message_once(services: Services) -> None:
    """No channel is set up, so that the message waits; the guard has looked and the claim was made."""
    text = {"sms": {"text": {"en": "Hello"}}}
    journey = {
        "trigger": {"segment_entered": WOMEN},
        "re_entry": "never",
        "steps": [{"id": "hi", "kind": "send", "template": f"{BASE}/templates/hi", "channels": ["sms"]}],
    }
    documents = (
        WOMEN_FIRST,
        made("template", "hi", channels=text),
        made("journey", "hello", **journey),
    )
    published = await publish(services, documents)
    await start_population(services, published.population, shards=2)
    await start_population(services, published.population)
    await work(services)
    for number in range(0, PEOPLE, 4):
        messages = await services.patients.messages(patient_key(f"p{number}"))
        assert [message.status for message in messages] == ["preparation"]
    assert len(await services.indexes.members(WOMEN)) == 10


async def test_the_sweep_starts_a_run_that_nobody_started(services: Services) -> None:
    published = await publish(services, (WOMEN_FIRST,))
    await sweep(services)
    await work(services)
    progress = await population_progress(services, published.population)
    assert progress is not None
    assert progress.entered == 10
    await sweep(services)
    assert services.queue.waiting() == []


async def test_the_sweep_sends_again_what_stands_still(services: Services) -> None:
    published = await publish(services, (WOMEN_FIRST,))
    await start_population(services, published.population, shards=2)
    for _ in range(2):
        services.queue.take(POPULATIONS)  # and they are lost
    await sweep(services)
    assert services.queue.waiting() == []
    services.clock.at = Instant(services.clock.at + HOUR)
    await sweep(services)
    assert await work(services) == 2
    assert len(await services.indexes.members(WOMEN)) == 10


async def test_who_is_committed_with_an_old_catalogue_after_the_look_is_swept_up(services: Services) -> None:
    """An instance that has not heard of the publication gets a change of somebody who was looked at."""
    old = replace(services, definitions=PublishedDefinitions(services.documents, services.policy, 1e9))
    await old.definitions.current()
    published = await publish(services, (WOMEN_FIRST,))
    await start_population(services, published.population)
    await work(services)
    key = patient_key("p1")
    record = (await services.patients.load(key)).record
    assert record.person is not None
    woman = replace(record.person, gender="female", version="2", updated=2)
    await react(old, key, [ResourceChanged(woman)], Trigger("other"))
    assert key not in await services.indexes.members(WOMEN)
    assert await sweep(services) == 1
    job = decode_job(services.queue.take(OUTBOX).body)
    assert job == Refresh(key, published.population)
    await refresh(services, job, Trigger("swept"))
    assert key in await services.indexes.members(WOMEN)
    assert await sweep(services) == 0


async def test_somebody_whose_change_means_nothing_is_swept_up_once(services: Services) -> None:
    old = replace(services, definitions=PublishedDefinitions(services.documents, services.policy, 1e9))
    await old.definitions.current()
    await publish(services, (WOMEN_FIRST,))
    await react(old, patient_key("p1"), [ResourceChanged(Fact("Condition", "c", "1", 1))], Trigger("other"))
    found = []
    for _ in range(2):
        found.append(await sweep(services))
        while OUTBOX in services.queue.waiting():
            await refresh(services, decode_job(services.queue.take(OUTBOX).body), Trigger("swept"))
    assert found == [1, 0]


@pytest.mark.parametrize(
    "job",
    [
        Populate("9-0123456789abcdef", 0),
        Populate("../../x", 0),
        Populate("", 0),
        Populate("VERSION", 99),
        Populate("VERSION", -1),
    ],
)
async def test_a_job_of_no_run_is_rejected(services: Services, job: Populate) -> None:
    published = await publish(services, (WOMEN_FIRST,))
    await start_population(services, published.population, shards=1)
    wanted = replace(job, version=job.version.replace("VERSION", published.version))
    with pytest.raises(Rejected):
        await populate(services, wanted, Trigger("m"))


async def test_a_run_of_a_version_that_is_not_published_cannot_start(services: Services) -> None:
    with pytest.raises(Unavailable):
        await start_population(services, "9-0123456789abcdef")
    assert await population_progress(services, "9-0123456789abcdef") is None


async def test_few_patients_are_one_shard_and_many_are_more(services: Services) -> None:
    published = await publish(services, (WOMEN_FIRST,))
    assert (await start_population(services, published.population)).shards <= 3
    for number in range(PEOPLE, 1500):
        await _store(services, number, published.version)
    second = await publish(services, (YOUNG_FIRST,))
    assert (await start_population(services, second.population)).shards in (2, 3, 4)

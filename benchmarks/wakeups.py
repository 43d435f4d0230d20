"""Waking many enrolments that are due in one minute: how long until all have advanced, and at what cost each.

Azurite's queue and table processes, and the workers in this process with the lean clients: no functions host,
whose share is one empty invocation for a batch of wake-ups. And the engine alone: advances a second.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from datetime import UTC
from functools import partial
from itertools import batched

from msgspec.structs import replace

from benchmarks import people
from benchmarks.cpu import Meter
from benchmarks.documents import journey
from benchmarks.full_path import Tell
from benchmarks.populate import Storage, storage
from benchmarks.report import Json, at_least, at_most, tidy
from benchmarks.sizes import Sizes
from sandbox.functions_host.queue_messages import decode_text
from sandbox.functions_host.queue_rest import RestQueue
from shared.adapters.clock import SystemClock
from shared.adapters.memory import MemoryDocuments, MemoryIndexes, MemoryPatients, MemoryQueue
from shared.adapters.memory_fhir import MemoryFhir
from shared.catalogue import Document
from shared.errors import Unavailable
from shared.fhir.instants import DAY, MINUTE, Instant
from shared.journey.advance import on_wakeup
from shared.journey.compile import compile_journey
from shared.journey.definition import parse_journey
from shared.journey.index import Journeys
from shared.message.policy import Policy
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.patient.state import Enrolment
from shared.ports import Stored, Wakeup
from shared.queues import WAKEUPS
from shared.usecases.jobs import Wake, WakeMany, decode_job
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger
from shared.usecases.services import Services
from shared.usecases.wake import queue_due, wake, wake_many

WORKERS = 8
"""Messages under way at once; one instance takes up to 32."""
_STORING = 16
_FACTS = 4
_ADVANCES = 20_000
_TURNS = 2
"""The less disturbed of so many counts."""
_STEPS = [{"id": f"wait-{n}", "kind": "wait", "duration": f"P{n + 1}D"} for n in range(4)]


async def measure(sizes: Sizes, tell: Tell) -> Json:
    """Wake few and many: over Azurite for the time, over memory for what one wake-up costs us."""
    tell("advances of the engine")
    found: dict[str, object] = {"advances_per_second": tidy(_advances())}
    for number in sizes.wakeups_stored:
        async with storage(WAKEUPS) as at:
            await publish(at.services, (_waiting(),))
            tell(f"{number} enrolments to wake")
            await _put(at.services, number)
            tell(f"waking {number}")
            found[f"{number}_due"] = run = await _wake_all(at, number)
    found["wakeups_per_second"] = at_least(float(str(run["wakeups_per_second"])), 500)
    few, many = sizes.wakeups
    costs = {number: [await _in_memory(number, tell) for _ in range(_TURNS)] for number in (few, many)}
    found["cpu_ms_per_wakeup"] = {str(number): tidy(1000 * min(spent)) for number, spent in costs.items()}
    return {**found, "cpu_growth_few_to_many": at_most(min(costs[many]) / min(costs[few]), 1.3)}


async def _in_memory(number: int, tell: Tell) -> float:
    """Return the CPU seconds of one of so many wake-ups, the records packed and unpacked as ever."""
    tell(f"waking {number} in memory")
    services = await _memory(number)
    queue = services.queue
    assert isinstance(queue, MemoryQueue)
    gc.collect()
    gc.disable()  # a collection walks all records that memory holds, which no instance does
    began = time.process_time()
    await queue_due(services)
    while queue.queues[WAKEUPS]:
        letter = queue.take(WAKEUPS)
        job = decode_job(letter.body)
        assert isinstance(job, WakeMany)
        await wake_many(services, job, Trigger(letter.letter_id))
    spent = time.process_time() - began
    gc.enable()
    assert not await services.indexes.due(Instant(people.START + DAY), 1), "nobody may be forgotten"
    return spent / number


async def _memory(number: int) -> Services:
    documents = MemoryDocuments()
    clock = SystemClock()
    services = Services(
        patients=MemoryPatients(),
        indexes=MemoryIndexes(),
        documents=documents,
        queue=MemoryQueue(),
        fhir=MemoryFhir(clock),
        channels={},
        definitions=PublishedDefinitions(documents, Policy(), 3600),
        clock=clock,
        policy=Policy(),
    )
    await publish(services, (_waiting(),))
    await _put(services, number)
    return services


def _waiting() -> Document:
    trigger: dict[str, object] = {"trigger": {"manual": True}, "steps": _STEPS}
    return journey("waiting", trigger)


def _advances() -> float:
    """Return how many steps a second the engine takes, one wake-up each, in one patient's record."""
    definition = parse_journey(_waiting().body, "benchmark")
    journeys = Journeys([compile_journey(definition, UTC)])
    record = _record(0, people.START)
    began = time.perf_counter()
    for n in range(_ADVANCES):
        if not record.enrolments:
            record = _record(0, people.START)
        record = on_wakeup(record, journeys, Instant(people.START + n * 10 * DAY)).record
    return _ADVANCES / (time.perf_counter() - began)


def _record(number: int, due: Instant) -> PatientRecord:
    url = str(_waiting().body["url"])
    enrolment = Enrolment(
        "e1", f"{url}|1.0.0", "active", "wait-0", 1, Instant(due - DAY), due, arrived=Instant(due - DAY)
    )
    name = f"p-{number}"
    return PatientRecord(
        key=patient_key(name),
        patient_id=name,
        person=people.person(number),
        facts=Facts.of_facts(*_PAST),
        enrolments={"e1": enrolment},
    )


_PAST = tuple(people.facts(_FACTS))


async def _put(services: Services, number: int) -> None:
    """Store patients each of whom is due at some instant of the same minute, long ago, with their rows."""
    waiting = iter(range(number))
    current = (await services.definitions.current()).version

    async def work() -> None:
        for n in waiting:
            record = replace(_record(n, _due(n)), catalogue=current)
            empty = Stored(PatientRecord(key=record.key, patient_id=record.patient_id))
            await _patiently(partial(services.patients.commit, empty, Decision(record)))

    await asyncio.gather(*(work() for _ in range(_STORING)))
    rows = (Wakeup(patient_key(f"p-{n}"), _due(n)) for n in range(number))
    for part in batched(rows, 5000, strict=False):
        await _patiently(partial(services.indexes.schedule_all, part))


def _due(number: int) -> Instant:
    return Instant(people.START + number * 7919 % MINUTE)


async def _patiently[T](call: Callable[[], Awaitable[T]]) -> T:
    """Try again as the product's host does: Azurite lets go of connections while it saves what it holds."""
    for _ in range(10):
        try:
            return await call()
        except Unavailable:
            continue
    return await call()


async def _queue_all(at: Storage) -> int:
    """Run the timer, again where it was hindered; how many are on the queue is counted by who takes them."""
    for _ in range(50):
        try:
            return await queue_due(at.services)
        except Unavailable:
            continue
    raise Unavailable("the storage does not answer")


async def _wake_all(at: Storage, number: int) -> Json:
    """Run the timer and the workers side by side until nobody is left."""
    meter, began = Meter(at.pids), time.perf_counter()
    timer = asyncio.ensure_future(_queue_all(at))
    woken = sum(await asyncio.gather(*(_work(at, at.queue, timer) for _ in range(WORKERS))))
    seconds, used = time.perf_counter() - began, meter.read()
    assert woken >= number, (woken, number)
    assert not await at.services.indexes.due(Instant(people.START + DAY), 10), "nobody may be forgotten"
    cpu = {name: tidy(1000 * spent / number) for name, spent in used.cpu.items()}
    return {
        "seconds_to_drain": tidy(seconds),
        "wakeups_per_second": tidy(number / seconds),
        "cpu_ms_per_wakeup": cpu,
        "worker_cpu_ms_per_wakeup": next(spent for name, spent in cpu.items() if name not in at.pids),
        "cores_of_others": tidy(used.others / used.seconds),
    }


async def _work(at: Storage, queue: RestQueue, timer: asyncio.Future[int]) -> int:
    """Take messages off the queue and carry them out until there are none; how many were woken."""
    woken = 0
    while True:
        last = timer.done()
        batch = await queue.receive(1, 60)
        if not batch and last:
            return woken
        for message in batch:
            job = decode_job(decode_text(message.text, "base64"))
            trigger = Trigger(message.id, message.dequeue_count)
            if isinstance(job, WakeMany):
                await wake_many(at.services, job, trigger)
                woken += len(job.wakes)
            else:
                assert isinstance(job, Wake)
                await wake(at.services, job, trigger)
                woken += 1
            await queue.delete(message)

"""The paths of a change, a report, a reply, a wake-up, a notification: run here in memory, and counted.

The code is the product's, adapters of tables included; only the table service, the queues, the FHIR server
and the provider are in memory. Settings are the defaults, but that messages go out at any hour.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks import people
from benchmarks.documents import shares
from benchmarks.feed import events
from benchmarks.organisation.counting import (
    OPERATIONS,
)
from benchmarks.organisation.memory_tables import MemoryTables
from benchmarks.organisation.ward import WAITS, Ward, ward
from shared.fhir.instants import DAY, Instant
from shared.fhir.notification import Limits
from shared.fhir.sources import Source
from shared.patient.record import patient_key
from shared.queues import POPULATIONS
from shared.usecases.audit import audit_everyone
from shared.usecases.hear import hear_message
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Inbound, Populate, Report, decode_job
from shared.usecases.populate import populate, start_population
from shared.usecases.publish import publish
from shared.usecases.react import Trigger
from shared.usecases.recover import reconcile
from shared.usecases.report import take_report
from shared.usecases.wake import queue_due, wake, wake_many

MANY = 200
"""Patients where what is done for many at once is counted for each."""
type Run = Callable[[Ward], Awaitable[Callable[[], Awaitable[object]]]]
"""Sets the scene, and returns what is to be counted."""


async def _nothing(at: Ward) -> Callable[[], Awaitable[object]]:
    (number,) = await at.admit(1)
    change = await at.observe(number, people.SILENT)
    await at.take(change)
    return lambda: at.take(change)


def _observation(code: str) -> Run:
    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        (number,) = await at.admit(1)
        change = await at.observe(number, code)
        return lambda: at.take(change)

    return scene


async def _report(at: Ward) -> Callable[[], Awaitable[object]]:
    (number,) = await at.admit(1)
    await at.take(await at.observe(number, people.SENDS))
    key = patient_key(f"p-{number}")
    (message,) = await at.services.patients.messages(key)
    job = Report(message.message_id, key, "delivered", at.clock.now())
    return lambda: take_report(at.services, job, Trigger("report"))


def _reply(text: str) -> Run:
    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        (number,) = await at.admit(1)
        await at.take(await at.observe(number, people.SENDS))
        job = Inbound("in-1", "sms", people.phone(number), text, at.clock.now())
        return lambda: take_inbound(at.services, job, Trigger("reply"))

    return scene


def _wakeups(patients: int) -> Run:
    """Wake patients by the timer: each enrolment goes from one wait to the next."""

    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        for number in await at.admit(patients):
            await at.take(await at.observe(number, WAITS))
        at.clock.at = Instant(at.clock.at + DAY)
        return lambda: _wake_all(at)

    return scene


async def _wake_all(at: Ward) -> None:
    await queue_due(at.services)
    while at.queue.queues["wakeups"]:
        letter = at.queue.take("wakeups")
        job = decode_job(letter.body)
        carry_out = wake_many if type(job).__name__ == "WakeMany" else wake
        await carry_out(at.services, job, Trigger(letter.letter_id))  # type: ignore[arg-type]


def _notification(changes: int) -> Run:
    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        (number,) = await at.admit(1)
        names = [people.observation_id(number, n, sends=False) for n in range(changes)]
        source = Source(name="queue", formats=frozenset({"event-grid", "cloud-events"}), required=False)
        body = events(names)
        return lambda: hear_message(at.services, source, body, Limits())

    return scene


def _population(share: int) -> Run:
    """Publish a segment that so many of a hundred patients enter."""

    async def scene(at: Ward) -> Callable[[], Awaitable[object]]:
        for position, number in enumerate(await at.admit(MANY)):
            value = 0.5 if position % 100 < share else 99.0
            await at.take(await at.observe(number, people.SHARE.partition("|")[2], value))
        published = await publish(at.services, shares(1))
        return lambda: _populate_all(at, published.population)

    return scene


async def _populate_all(at: Ward, version: str) -> None:
    await start_population(at.services, version, shards=1)
    while at.queue.queues[POPULATIONS]:
        letter = at.queue.take(POPULATIONS)
        job = decode_job(letter.body)
        assert isinstance(job, Populate)
        await populate(at.services, job, Trigger(letter.letter_id))


async def _audit(at: Ward) -> Callable[[], Awaitable[object]]:
    await at.register(MANY)
    return lambda: audit_everyone(at.services, repair=True)


async def _reconcile(at: Ward) -> Callable[[], Awaitable[object]]:
    await at.register(MANY)
    return lambda: reconcile(at.services)


async def _search_all(at: Ward) -> Callable[[], Awaitable[object]]:
    return lambda: reconcile(at.services)


@dataclass(frozen=True, slots=True)
class Path:
    """One path: in words, the scene and what to count, how many of it, and queue messages it takes off."""

    words: str
    run: Run
    of: int = 1
    taken: float = 1.0
    alone: bool = False
    """It needs a ward with nobody else."""


PATHS: dict[str, Path] = {
    "notification": Path("a notification of one change, by queue", _notification(1)),
    "notification_of_20": Path("the same with twenty changes", _notification(20)),
    "nothing": Path("a change that means nothing: heard before", _nothing),
    "fact": Path("a change that adds a fact", _observation(people.SILENT)),
    "segment": Path("one that enters a segment", _observation(people.SHARE.partition("|")[2])),
    "sends": Path("one that enters a journey and sends a message", _observation(people.SENDS)),
    "report": Path("a delivery report", _report),
    "stop": Path("a reply: STOP", _reply("STOP")),
    "question": Path("a reply that is for staff", _reply("May I bring my dog along?")),
    "wakeup": Path("a wake-up, alone, its timer with it", _wakeups(1), alone=True),
    "wakeup_of_many": Path("a wake-up of many at once", _wakeups(MANY), MANY, 1 / 50, alone=True),
    "population": Path("a publication, for one who does not enter", _population(0), MANY, 0.0, alone=True),
    "population_enters": Path("a publication, for one who enters", _population(100), MANY, 0.0, alone=True),
    "reconciliation": Path("the search for what was missed: nothing new", _search_all, 1, 0.0, alone=True),
    "reconciled": Path("the same, for a resource heard before", _reconcile, 2 * MANY, 0.0, alone=True),
    "audited": Path("the nightly audit, for a patient", _audit, MANY, 1 / 40, alone=True),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What one of a path asks for: operations, and rows that it writes by kind of partition."""

    operations: dict[str, float]
    rows: dict[str, float]
    kept: int = 0
    """Bytes that stay in tables."""
    rows_kept: float = 0.0
    """Rows that stay in the patient's partition."""


async def count_path(name: str, at: Ward) -> Counted:
    """Run a path and count it."""
    path = PATHS[name]
    run = await path.run(at)
    at.tally.counts.clear()
    at.tally.rows.clear()
    before, rows_before = at.bytes, at.rows
    await run()
    counts = {one: round(at.tally.counts[one] / path.of, 3) for one in OPERATIONS}
    counts["queue_taken"] = round(path.taken, 3)
    rows = {kind: round(number / path.of, 3) for kind, number in sorted(at.tally.rows.items())}
    kept = round((at.rows - rows_before) / path.of, 3)
    return Counted(counts, rows, round((at.bytes - before) / path.of), kept)


async def count_all() -> dict[str, Counted]:
    """Count every path."""
    shared = await ward(MemoryTables())
    return {
        name: await count_path(name, await ward(MemoryTables()) if path.alone else shared)
        for name, path in PATHS.items()
    }


async def bytes_of_a_patient() -> int:
    """Return how much tables hold of a patient with FACTS facts and no past with us."""
    at = await ward(MemoryTables())
    before = at.bytes
    await at.admit(1)
    return at.bytes - before

"""Patients a second of a population run: a segment is published, all are looked at, its members committed.

Azurite's queue and table processes, and the workers in this process with the lean clients: no functions host,
whose share is one empty invocation a shard.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from msgspec.structs import replace

from benchmarks import people
from benchmarks.cpu import Meter
from benchmarks.documents import shares
from benchmarks.full_path import Tell
from benchmarks.report import Json, at_least, tidy
from benchmarks.sizes import Sizes
from sandbox import azurite
from sandbox.functions_host.queue_messages import decode_text
from sandbox.functions_host.queue_rest import RestQueue
from sandbox.ports import free_ports
from sandbox.processes import Children
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.table_rest import Tables
from shared.bootstrap import build
from shared.config import settings
from shared.fhir.fact import Fact, Value
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.ports import Stored
from shared.queues import POPULATIONS
from shared.usecases.jobs import Populate, decode_job
from shared.usecases.populate import populate, population_progress, start_population
from shared.usecases.publish import publish
from shared.usecases.react import Trigger
from shared.usecases.services import Services

WORKERS = 8
"""Messages under way at once; one instance takes up to 32."""
PARCELVOY = 944
"""Patients a second that Parcelvoy populated a list with on a machine of two cores."""
_STORING = 16


@dataclass(frozen=True, slots=True)
class Storage:
    """Azurite, and services over it."""

    services: Services
    queue: RestQueue
    pids: dict[str, int]
    tables: Tables
    """The lean client alone."""


async def measure(sizes: Sizes, tell: Tell) -> Json:
    """Publish a segment that one in ten enters, then one that every other does."""
    async with storage() as at:
        tell("patients to populate with")
        await _store(at.services, sizes.population, sizes.population_facts)
        found: dict[str, Json] = {}
        for percent in (1, 10, 50):  # the first warms everything up
            tell(f"population run, {percent} % enter")
            found[f"{percent}_percent_enter"] = await _run(at, sizes.population, percent)
    rate = found["10_percent_enter"]["patients_per_second"]
    assert isinstance(rate, float)
    return {**found, "patients_per_second": at_least(rate, 2 * PARCELVOY)}


@asynccontextmanager
async def storage(queue: str = POPULATIONS) -> AsyncIterator[Storage]:
    """Start Azurite's tables and queues in a folder that is gone afterwards."""
    children = Children()
    ports = dict(zip(("blob", "queue", "table"), free_ports(3), strict=True))
    connection = azurite.connection_string(**ports)
    with tempfile.TemporaryDirectory(prefix="hearthline-bench-") as folder:
        try:
            started = [
                children.start(service, Path(folder) / "logs")
                for service in azurite.services(Path(folder), **ports)[1:]
            ]
            for child in started:
                child.wait_healthy()
            chosen = settings(
                {"AzureWebJobsStorage": connection, "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9"}
            )
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=128)) as session:
                services = await build(chosen, session)
                rest = StorageRest(connection_account(connection, "queue"), session)
                yield Storage(
                    services,
                    RestQueue(rest, queue),
                    {child.service.name: child.pid for child in started},
                    Tables(StorageRest(connection_account(connection, "table"), session)),
                )
        finally:
            children.stop()


async def _store(services: Services, patients: int, facts: int) -> None:
    """Store patients with a past, and one Observation of their own that says in which share they are."""
    past = list(people.facts(facts - 1))
    waiting = iter(range(patients))

    async def work() -> None:
        for number in waiting:
            own = Fact(
                "Observation", f"share-{number}", "1", people.START, status="final", start=people.START
            )
            own = replace(own, codes=(people.SHARE,), value=Value(number % 100, "1"))
            key, name = patient_key(f"p-{number}"), f"p-{number}"
            record = PatientRecord(
                key=key, patient_id=name, person=people.person(number), facts=Facts.of_facts(*past, own)
            )
            await services.patients.commit(Stored(PatientRecord(key=key, patient_id=name)), Decision(record))

    await asyncio.gather(*(work() for _ in range(_STORING)))


async def _run(at: Storage, patients: int, percent: int) -> Json:
    meter, began = Meter(at.pids), time.perf_counter()
    published = await publish(at.services, shares(percent))
    run = await start_population(at.services, published.population)
    await asyncio.gather(*(_work(at) for _ in range(WORKERS)))
    seconds, used = time.perf_counter() - began, meter.read()
    progress = await population_progress(at.services, run.version)
    assert progress is not None
    assert (progress.looked_at, progress.entered) == (patients, patients * percent // 100)
    assert progress.finished is not None
    return {
        "patients_per_second": tidy(patients / seconds),
        "seconds": tidy(seconds),
        "shards": run.shards,
        "committed": progress.committed,
        "cpu_ms_per_patient": {name: tidy(1000 * cpu / patients) for name, cpu in used.cpu.items()},
        "rate_if_cpu_were_all": tidy(2 * patients / sum(used.cpu.values())),
        "cores_of_others": tidy(used.others / used.seconds),
    }


async def _work(at: Storage) -> None:
    """Take messages off the queue and carry them out, as the functions host does, until there are none."""
    while batch := await at.queue.receive(1, 60):
        for message in batch:
            job = decode_job(decode_text(message.text, "base64"))
            assert isinstance(job, Populate)
            await populate(at.services, job, Trigger(message.id, message.dequeue_count))
            await at.queue.delete(message)

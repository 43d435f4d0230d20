"""The operations that a change cannot avoid, issued bare: no parsing, no decision, no host, one process.

queue put → receive → read the resource → read the patient's entity → for a message: read the patient from
the FHIR server, commit, send beside the roster's row, commit; else commit → delete. The writes are those that
the product was seen to make (recorder.py), with the rows of other patients. This is the yardstick of the full
path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched, count
from uuid import uuid4

from msgspec.structs import replace

from benchmarks import people
from benchmarks.cpu import Meter, paused
from benchmarks.feed import BATCH, UNDER_WAY, Fed
from benchmarks.recorder import Recording
from benchmarks.world import World
from sandbox.functions_host.queue_messages import decode_text
from sandbox.functions_host.queue_ports import Received
from sandbox.functions_host.queue_rest import RestQueue
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.table_indexes import INDEX
from shared.adapters.table_store import TABLE
from shared.adapters.tables import Write
from shared.fhir.references import ResourceKey
from shared.patient.record import patient_key
from shared.usecases.jobs import Change, decode_job, encode_job

QUEUE = "bare"
_BATCH = 16
"""As host.json has it: 32 are under way at most."""
_PAUSE = 0.005
_fresh = count(1)


@dataclass(frozen=True, slots=True)
class Work:
    """One change: the Observation, and whether it sends."""

    observation: str
    sends: bool

    @property
    def number(self) -> int:
        """The patient's."""
        return int(self.observation.split("-")[1])


class Bare:
    """Issues the operations of changes; `told` are the recordings of a change that sends and one that not."""

    def __init__(self, world: World, loud: Recording, silent: Recording) -> None:
        self._services = world.services
        self._tables = world.tables
        self._told = {True: loud, False: silent}
        self._put = StorageQueues(world.rest("queue"))
        self._take = RestQueue(world.rest("queue"), QUEUE)
        self._world = world
        self.operations = {"sends": loud.told(), "silent": silent.told()}
        self._running: set[asyncio.Task[None]] = set()
        self._broken: list[BaseException] = []
        self._open = asyncio.Semaphore(UNDER_WAY)

    async def run(self, works: Sequence[Work]) -> Fed:
        """Issue everything for these changes; returns when all is done."""
        await self._put.create(QUEUE)
        with paused(self._world.pids["host"]):  # its idle listeners would read the same queue service
            return await self._run(works)

    async def _run(self, works: Sequence[Work]) -> Fed:
        sent, meter = await self._world.accepted(), Meter(self._world.pids)
        await asyncio.gather(self._fill(works), self._work(len(works)))
        used = meter.read()
        return Fed(len(works), used.seconds, used.cpu, used.others, 0, await self._world.accepted() - sent)

    async def _fill(self, works: Sequence[Work]) -> None:
        for batch in batched(works, BATCH, strict=False):
            for _ in batch:
                await self._open.acquire()
            await asyncio.gather(*(self._enqueue(work) for work in batch))

    async def _enqueue(self, work: Work) -> None:
        await self._put.send(QUEUE, encode_job(Change("Observation", work.observation, "1", "created")))

    async def _work(self, total: int) -> None:
        """Receive as the functions host does: a batch whenever no more than a batch is under way."""
        taken = 0
        while taken < total:
            while len(self._running) > _BATCH:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            batch = await self._take.receive(_BATCH, 30)
            taken += len(batch)
            for message in batch:
                task = asyncio.create_task(self._change(message))
                self._running.add(task)
                task.add_done_callback(self._done)
            if not batch:
                await asyncio.sleep(_PAUSE)
        await asyncio.gather(*self._running)
        for broken in self._broken:
            raise broken

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._open.release()
        if (problem := task.exception()) is not None:
            self._broken.append(problem)

    async def _change(self, message: Received) -> None:
        job = decode_job(decode_text(message.text, "base64"))
        assert isinstance(job, Change)
        work = Work(job.resource_id, job.resource_id.endswith("x"))
        told, key = self._told[work.sends], patient_key(f"p-{work.number}")
        await self._services.fhir.read(ResourceKey("Observation", work.observation))
        found = await self._tables.get(TABLE, key, f"{key}-0")
        assert found is not None
        etag, own = found[1], str(next(_fresh))
        if work.sends:
            await self._services.fhir.read(ResourceKey("Patient", f"p-{work.number}"))
        for position, writes in enumerate(told.transactions):
            etag = await self._tables.transact(TABLE, _moved(writes, told.partition, key, etag, own))
            if position == 0:
                rosters = (self._enrol(rows, told.partition, key, own) for rows in told.rosters)
                await asyncio.gather(self._send(told, work.number), *rosters)
        await self._take.delete(message)

    async def _enrol(self, writes: Sequence[Write], was: str, key: str, own: str) -> None:
        """Put somebody into a journey's roster, whose partition all patients share."""
        named = [replace(write, row=f"{write.row.replace(was, key)}{own}") for write in writes]
        await self._tables.transact(INDEX, named)

    async def _send(self, told: Recording, number: int) -> None:
        for message in told.messages:
            fresh = replace(message, message_id=str(uuid4()), to=people.phone(number))
            await self._services.channels["sms"].send(fresh)


def _moved(writes: Sequence[Write], was: str, key: str, etag: str, own: str) -> list[Write]:
    """Give the writes of one patient to another; the rows it would add get names that are new."""
    moved = [replace(write, partition=key, row=write.row.replace(was, key)) for write in writes]
    return [
        replace(write, kind="merge", etag=etag)
        if write.row == f"{key}-0"
        else replace(write, row=f"{write.row}{own}")
        for write in moved
    ]

"""Storage queues beside Service Bus: CPU on this side and time to put one message, alone and in a crowd.

`python -m benchmarks.transports` starts Azurite and the sandbox's broker, each in a process of its own, and
prints a table for docs/transports.md. On Azure the time is that of its network; the CPU is much the same.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiohttp

from sandbox import azurite
from sandbox.ports import free_ports
from sandbox.processes import Children
from sandbox.service_bus.settings import connection_string
from shared.adapters.bus_queues import open_bus
from shared.adapters.identity import AsyncCredential
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.config import settings
from shared.ports import Queue

CROWDS = (1, 4, 16, 64)
_QUEUE = "outbox"
_BODY = b'{"type":"change","resource_type":"Observation","resource_id":"o-1-1-x","version":"1"}' * 3
_WARM = 64


async def cost(queue: Queue, crowd: int, messages: int) -> tuple[float, float]:
    """Return milliseconds of CPU and of time for one message, of `messages` sent so many at once."""
    for _ in range(_WARM // crowd + 1):
        await _send(queue, crowd)
    cpu, began = time.process_time(), time.perf_counter()
    for _ in range(messages // crowd):
        await _send(queue, crowd)
    spent, took = time.process_time() - cpu, time.perf_counter() - began
    return 1000 * spent / messages, 1000 * took / messages


async def _send(queue: Queue, crowd: int) -> None:
    await asyncio.gather(*(queue.send(_QUEUE, _BODY) for _ in range(crowd)))


@asynccontextmanager
async def _storage() -> AsyncIterator[Queue]:
    with tempfile.TemporaryDirectory() as folder:
        ports = dict(zip(("blob", "queue", "table"), free_ports(3), strict=True))
        children, place = Children(), Path(folder)
        try:
            for service in azurite.services(place, **ports):
                children.start(service, place / "logs").wait_healthy()
            account = connection_account(azurite.connection_string(**ports), "queue")
            async with aiohttp.ClientSession() as session:
                queues = StorageQueues(StorageRest(account, session))
                await queues.create(_QUEUE)
                yield queues
        finally:
            children.stop()


@asynccontextmanager
async def _service_bus() -> AsyncIterator[Queue]:
    program = (sys.executable, "-m", "sandbox.service_bus", "--port", "0")
    broker = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert broker.stdout is not None
    said = (await broker.stdout.readline()).decode()
    connection = connection_string(int(said.partition("127.0.0.1:")[2].partition(";")[0]))
    queues = open_bus(
        settings(
            {
                "AzureWebJobsStorage": "UseDevelopmentStorage=true",
                "HEARTHLINE_TRANSPORT": "servicebus",
                "HEARTHLINE_BUS": connection,
                "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9",
            }
        ),
        _no_identity,
    )
    try:
        yield queues
    finally:
        await queues.close()
        broker.terminate()
        await broker.wait()


def _no_identity() -> AsyncCredential:
    raise AssertionError("a connection string needs no identity")


async def compare(messages: int) -> list[str]:
    """Return the lines of a table."""
    opening: dict[str, AbstractAsyncContextManager[Queue]] = {"Storage": _storage(), "bus": _service_bus()}
    found: dict[str, list[tuple[float, float]]] = {}
    for name, opened in opening.items():
        async with opened as queue:
            found[name] = [await cost(queue, crowd, messages) for crowd in CROWDS]
    lines = ["| sent at once | Storage: CPU, time | Service Bus: CPU, time |", "|---|---|---|"]
    for number, crowd in enumerate(CROWDS):
        cells = (f"{cpu:.2f} ms, {took:.2f} ms" for cpu, took in (found[name][number] for name in opening))
        lines.append(f"| {crowd} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    print("\n".join(asyncio.run(compare(1280))))

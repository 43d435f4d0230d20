"""The functions host told to end: nothing new begins, what runs ends or goes back, requests are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
import pytest
from host_support import ENVIRON, NO_BUS, PATIENCE, ManualClock, MemoryQueue, MemoryQueues, hosted
from test_host_queue_listener import encoded

from sandbox.functions_host.queue_listener import QueueListener
from sandbox.functions_host.queue_ports import Received
from shared.fhir.instants import HOUR, parse_instant


async def until(holds: Callable[[], bool]) -> None:
    """Let others go on until `holds()`."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  # it is about what nobody tells
            await asyncio.sleep(0)


class SlowQueue(MemoryQueue):
    """Gives out its messages only once it is told to, as if they were long on their way."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def receive(self, count: int, lease: int) -> Sequence[Received]:
        self.asked.set()
        await self.gate.wait()
        return await super().receive(count, lease)


async def test_messages_that_come_while_it_stops_are_handed_back_at_once() -> None:
    slow, queues = SlowQueue(), MemoryQueues()
    queues["work"] = slow
    await slow.send(encoded("too late"))
    async with hosted(triggers=True, environ=ENVIRON | NO_BUS, open_queue=queues.open) as (host, app):
        app.seen.clear()
        await slow.asked.wait()
        stopping = asyncio.create_task(host.stop())
        await until(lambda: _stops(host._listeners[0]))
        slow.gate.set()
        await stopping
    assert ("too late", 1) not in app.seen
    assert [(message.text, message.dequeue_count) for message in slow.ready] == [(encoded("too late"), 1)]


def _stops(listener: object) -> bool:
    assert isinstance(listener, QueueListener)
    return listener._stopping


async def test_no_timer_fires_any_more_while_something_still_runs() -> None:
    start = parse_instant("2031-05-01T00:01:00Z")
    clock, queues = ManualClock(start), MemoryQueues()
    chosen = {"triggers": True, "environ": ENVIRON | NO_BUS, "open_queue": queues.open, "grace": 5.0}
    async with hosted(clock=clock, **chosen) as (host, app):
        await queues["work"].send(encoded("wait"))
        await queues["work"].when(lambda: "works" in host._invoker.tallies)
        stopping = asyncio.create_task(host.stop())
        await until(lambda: _stops(host._listeners[0]))
        clock.instant = start + HOUR  # which is when `ticks` is due, a dozen times
        assert host._timers._poller is not None
        assert host._timers._poller.done()
        app.gate.set()
        await stopping
        assert "ticks" not in host._invoker.tallies
        assert queues["work"].empty


@pytest.mark.parametrize("late", [b"", b"the rest"])
async def test_a_request_that_is_half_sent_is_answered_and_a_new_one_refused(late: bytes) -> None:
    async with hosted(port=0, grace=5.0) as (host, _):
        assert host.port is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
        head = f"POST /api/echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: {3 + len(late)}\r\n\r\n"
        writer.write(head.encode() + b"the"[: 3 if late else 2])
        await writer.drain()
        await until(lambda: host._server._under_way)
        stopping = asyncio.create_task(host.stop())
        async with aiohttp.ClientSession() as session:
            await until(lambda: host._server._site is None)
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://127.0.0.1:{host.port}/api/echo/b")
        writer.write(late or b"e")
        assert (await reader.readline()).split()[1] == b"201"
        writer.close()
        await stopping


async def test_the_end_is_bounded_however_long_a_request_takes() -> None:
    """Whoever sends half a request and no more keeps nobody from ending."""
    async with hosted(port=0, grace=0.05) as (host, _):
        assert host.port is not None
        _, writer = await asyncio.open_connection("127.0.0.1", host.port)
        writer.write(b"POST /api/echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
        await writer.drain()
        await until(lambda: host._server._under_way)
        async with asyncio.timeout(10):
            await host.stop()
        assert host.status().state == "Stopped"
        writer.close()

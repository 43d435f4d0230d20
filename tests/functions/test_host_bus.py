"""Service Bus triggers over a fake receiver: complete, abandon, sessions in order, batches, outages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import ModuleType

import pytest
from host_support import ENVIRON, PATIENCE, MemoryQueues, hosted

from sandbox.functions_host.bus_messages import many_metadata, one_metadata
from sandbox.functions_host.bus_ports import BusMessage, BusReceiver, BusSource, BusUnavailable, NoSession
from sandbox.functions_host.host import FunctionsHost
from sandbox.functions_host.specs import ServiceBusTrigger


class FakeBus:
    """A queue (and its receivers) in memory; `settled` says what became of each message, in order."""

    def __init__(self) -> None:
        self.batches: deque[list[BusMessage] | Exception] = deque()
        self.settled: list[tuple[str, object]] = []
        self.asked: list[int] = []
        self.closed = 0
        self.sessions: deque[Exception | None] = deque([None] * 8)
        self._changed = asyncio.Event()
        self._never = asyncio.Event()

    async def open(self) -> BusReceiver:
        if not self.sessions:
            await asyncio.Event().wait()
        if (problem := self.sessions.popleft()) is not None:
            raise problem
        return self

    async def receive(self, count: int, seconds: float) -> Sequence[BusMessage]:
        self.asked.append(count)
        if not self.batches:
            try:
                await asyncio.wait_for(self._never.wait(), 0.01)
            except TimeoutError:
                return []
        batch = self.batches.popleft() if self.batches else []
        if isinstance(batch, Exception):
            raise batch
        return batch

    async def complete(self, message: BusMessage) -> None:
        self._settle("complete", message)

    async def abandon(self, message: BusMessage) -> None:
        self._settle("abandon", message)

    async def close(self) -> None:
        self.closed += 1

    def _settle(self, how: str, message: BusMessage) -> None:
        if message.handle == "lost":
            raise BusUnavailable("lock lost")
        self.settled.append((how, message.handle))
        self._changed.set()

    async def when(self, count: int) -> None:
        """Wait until `count` messages are settled."""
        async with asyncio.timeout(PATIENCE):
            while len(self.settled) < count:
                self._changed.clear()
                await self._changed.wait()


def message(name: str, body: bytes = b"{}", **properties: str | int | None) -> BusMessage:
    return BusMessage(name, body, {"MessageId": name, "DeliveryCount": 1, **properties}, {"source": name})


class Buses(dict[str, FakeBus]):
    """Fakes by queue name."""

    def open(self, trigger: ServiceBusTrigger, renewal: float) -> BusSource:
        assert renewal == 300
        return self[trigger.queue]


@pytest.fixture
async def buses() -> Buses:
    return Buses(one=FakeBus(), many=FakeBus())


def host(buses: Buses) -> AbstractAsyncContextManager[tuple[FunctionsHost, ModuleType]]:
    environ = ENVIRON | {"AzureWebJobs.works.Disabled": "1"}
    return hosted(triggers=True, environ=environ, open_bus=buses.open, open_queue=MemoryQueues().open)


async def test_a_message_is_completed_and_a_failed_one_abandoned(buses: Buses) -> None:
    good = message("a", b"\xc3\xa9", SessionId="s", DeliveryCount=2)
    buses["one"].batches.append([good, message("b", b"fail")])
    async with host(buses) as (_, app):
        await buses["one"].when(2)
        assert ("é".encode(), "a", 2, "s", {"source": "a"}) in app.seen
    assert sorted(buses["one"].settled) == [("abandon", "b"), ("complete", "a")]
    assert buses["one"].asked[0] == 16


async def test_many_come_as_one_list_and_are_settled_each(buses: Buses) -> None:
    buses["many"].batches.append([message("a", b"1"), message("b", b"2")])
    async with host(buses) as (_, app):
        await buses["many"].when(2)
        batch = [(b"1", "a", {"source": "a"}), (b"2", "b", {"source": "b"})]
        assert [each for each in app.seen if isinstance(each, list)] == [batch]
    assert buses["many"].settled == [("complete", "a"), ("complete", "b")]


async def test_sessions_are_worked_through_in_order(buses: Buses) -> None:
    bus = buses["many"]
    bus.sessions = deque([NoSession(), None])
    bus.batches.extend([[message(str(number))] for number in range(5)])
    async with host(buses):
        await bus.when(5)
    assert bus.settled == [("complete", str(number)) for number in range(5)]


async def test_a_lost_lock_and_an_outage_are_survived(buses: Buses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.functions_host.bus_listener._REOPEN_SECONDS", 0.01)
    bus = buses["one"]
    bus.batches.extend([[message("lost")], BusUnavailable("down"), [message("after")]])
    async with host(buses):
        await bus.when(1)
    assert bus.settled == [("complete", "after")]
    assert bus.closed == 3  # two receivers and the connection


async def test_stopping_waits_for_what_runs(buses: Buses) -> None:
    buses["one"].batches.append([message("a")])
    async with host(buses) as (running, app):
        await app.received.wait()
        await running.stop()
    assert buses["one"].settled == [("complete", "a")]


def test_metadata_arrays_line_up() -> None:
    metadata = many_metadata([message("a", SessionId="s"), message("b", Subject="t")])
    values = {name: datum.python_value for name, datum in metadata.items()}
    assert values["SessionIdArray"] == ["s", None]
    assert values["SubjectArray"] == [None, "t"]
    assert values["UserPropertiesArray"] == [{"source": "a"}, {"source": "b"}]
    assert one_metadata(message("a", SessionId=None)).keys().isdisjoint({"SessionId"})


async def test_a_stop_does_not_wait_for_what_may_come(buses: Buses) -> None:
    """A queue with nothing in it, a session that nobody has: what waits for them is broken off at once."""
    buses["one"].sessions.clear()
    waiting = FakeBus()
    waiting.receive = asyncio.Event().wait  # type: ignore[assignment]
    buses["many"] = waiting
    async with asyncio.timeout(PATIENCE), host(buses) as (running, _):
        await running.stop()

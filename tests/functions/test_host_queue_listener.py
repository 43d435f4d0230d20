"""Storage queue triggers over a queue in memory: retry, poison, concurrency, leases, shutdown."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from types import ModuleType

import pytest
from host_support import ENVIRON, NO_BUS, MemoryQueue, MemoryQueues, hosted

from sandbox.functions_host.host import FunctionsHost
from sandbox.functions_host.invoker import Tally
from sandbox.functions_host.leases import Lease, renew_all
from sandbox.functions_host.queue_listener import QueueListener
from sandbox.functions_host.queue_ports import LeaseLost, Received

type Parts = tuple[FunctionsHost, ModuleType, MemoryQueues]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    queues = MemoryQueues()
    async with hosted(triggers=True, environ=ENVIRON | NO_BUS, open_queue=queues.open) as (host, app):
        app.seen.clear()
        yield host, app, queues


async def test_a_message_is_handed_over_and_deleted(parts: Parts) -> None:
    _, app, queues = parts
    await queues["work"].send(encoded("héllo"))
    await queues["work"].when(lambda: queues["work"].empty)
    assert ("héllo", 1) in app.seen


async def test_a_failure_is_retried(parts: Parts) -> None:
    _, app, queues = parts
    await queues["work"].send(encoded("once"))
    await queues["work"].when(lambda: queues["work"].empty)
    assert [each for each in app.seen if each[0] == "once"] == [("once", 1), ("once", 2)]
    assert queues["work"].hides == [("m1", 0)]
    assert queues["work-poison"].empty


async def test_after_max_dequeue_count_it_goes_to_the_poison_queue(parts: Parts) -> None:
    _, app, queues = parts
    await queues["work"].send(encoded("fail"))
    await queues["work"].when(lambda: queues["work"].empty)
    assert [each for each in app.seen if each[0] == "fail"] == [("fail", 1), ("fail", 2), ("fail", 3)]
    assert [message.text for message in queues["work-poison"].ready] == [encoded("fail")]


@pytest.mark.parametrize(("text", "count"), [("*not base64*", 0), (encoded("crashed its host"), 3)])
async def test_what_is_never_run_goes_to_the_poison_queue(parts: Parts, text: str, count: int) -> None:
    """One that cannot be decoded; one that was taken too often by hosts that died of it."""
    host, _, queues = parts
    queues["work"].ready.append(Received("m", text, count, ""))
    host.poke("WORK")
    await queues["work"].when(lambda: queues["work"].empty)
    assert [message.text for message in queues["work-poison"].ready] == [text]
    assert host.status().functions[-2].executed == 0


async def test_as_many_run_at_once_as_batch_and_threshold_allow(parts: Parts) -> None:
    """With batchSize 4, newBatchThreshold 2, a batch at 0, the next at 2 or fewer, so never more than 6."""
    host, app, queues = parts
    for _ in range(20):
        await queues["work"].send(encoded("wait"))
    await queues["work"].when(lambda: len(queues["work"].hidden) == 4)
    assert len(queues["work"].ready) == 16
    tally = host._invoker.tallies.setdefault("works", Tally())
    peak = 0

    def done() -> bool:
        nonlocal peak
        peak = max(peak, len(queues["work"].hidden), tally.in_flight)
        return queues["work"].empty

    app.gate.set()
    await queues["work"].when(done)
    assert peak <= 6
    assert tally.executed == 20


async def test_an_outage_is_waited_out(parts: Parts) -> None:
    _, app, queues = parts
    queues["work"].outages = 2
    await queues["work"].send(encoded("late"))
    await queues["work"].when(lambda: queues["work"].empty)
    assert ("late", 1) in app.seen


async def test_a_lost_lease_does_no_harm(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    host, app, queues = parts
    work = queues["work"]
    await work.send(encoded("wait"))
    await work.when(lambda: bool(work.hidden))
    work.hidden.clear()  # somebody else has it now
    app.gate.set()
    await host.drain(5)
    await work.send(encoded("next"))
    await work.when(lambda: work.empty)
    assert ("next", 1) in app.seen
    assert "lease was lost" in caplog.text


async def test_stopping_lets_messages_end_and_takes_no_more(parts: Parts) -> None:
    host, app, queues = parts
    work = queues["work"]
    await work.send(encoded("wait"))
    await work.when(lambda: host._invoker.tallies.get("works") is not None)
    app.gate.set()
    await host.stop()
    await work.send(encoded("too late"))
    assert not work.hidden
    assert [message.text for message in work.ready] == [encoded("too late")]


async def test_what_outlasts_the_grace_keeps_its_lease(parts: Parts) -> None:
    host, _, queues = parts
    work = queues["work"]
    await work.send(encoded("wait"))
    await work.when(lambda: host._invoker.tallies.get("works") is not None)
    await host.stop()
    assert len(work.hidden) == 1  # not deleted: it comes back when the lease ends


async def test_leases_are_renewed_when_half_over() -> None:
    queue = MemoryQueue()
    for text in ("old", "new", "settled"):
        await queue.send(text)
    old, new, settled = (
        Lease(message, at) for message, at in zip(await queue.receive(3, 30), (0, 9, 0), strict=True)
    )
    settled.settled = True
    receipt = old.message.pop_receipt
    await renew_all(queue, [old, new, settled], 30, now=15.0)
    assert queue.hides == [("m1", 30)]
    assert old.renewed == 15.0
    assert old.message.pop_receipt != receipt
    await queue.delete(old.message)
    await renew_all(queue, [old], 30, now=40.0)  # lost: logged, tried again next time
    with pytest.raises(LeaseLost):
        await queue.delete(old.message)


async def test_settling_waits_for_a_renewal_and_uses_its_receipt(parts: Parts) -> None:
    host, app, queues = parts
    work = queues["work"]
    await work.send(encoded("wait"))
    await work.when(lambda: host._invoker.tallies.get("works") is not None)
    listener = next(each for each in host._listeners if isinstance(each, QueueListener))
    lease = next(iter(listener._running.values()))
    async with lease.lock:
        app.gate.set()
        await host._invoker.drained()
        await work.hide(lease.message, 30)
    await work.when(lambda: work.empty)


async def test_a_queue_function_by_hand(parts: Parts) -> None:
    host, app, _ = parts
    assert (await host.invoke_queue("works", json.dumps({"a": 1}), dequeue_count=2)).ok
    assert ('{"a": 1}', 2) in app.seen
    failed = await host.invoke_queue("works", b"fail")
    assert (failed.ok, failed.error) == (False, "RuntimeError('as asked')")
    with pytest.raises(KeyError):
        await host.invoke_queue("echo", b"")

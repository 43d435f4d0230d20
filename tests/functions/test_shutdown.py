"""SIGTERM under load, the whole product on Storage queues: an end in peace, and everything arrives after it.

SIGKILL, for contrast, is in tests/e2e/test_kill.py.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

import aiohttp
import pytest
from product_kit import SOON, Product, published, running
from ward import CLINIC, EVENTS, Ward

from sandbox import plan as plans
from sandbox.play import resources as make
from sandbox.processes import Child
from shared.adapters.storage_rest import StorageRest
from shared.patient.record import patient_key
from shared.patient.state import Message
from shared.queues import QUEUES

PATIENTS = 30
SLOW = [{"do": "slow", "ms": 200.0}]
"""The provider takes its time, so that calls to it are under way when the end comes."""
GRACE = float(plans.GRACE)
"""Seconds for which the host waits for what runs; the process may take a little longer."""
FAULTS = re.compile(r"ERROR|Traceback|Unclosed|never retrieved|was destroyed")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("shutdown"), **SOON) as started:
        asyncio.run(published(started))
        yield started


def host_of(product: Product) -> Child:
    return next(each for each in product.stack.children if each.service.name == "host")


class Notifier(threading.Thread):
    """Tells of one change after the other; knows which were not taken."""

    def __init__(self, product: Product, events: list[dict[str, object]]) -> None:
        super().__init__(daemon=True)
        self._product = product
        self._events = events
        self.refused: list[dict[str, object]] = []
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        for event in self._events:
            try:
                status = self._product.call("POST", EVENTS, [event]).status
            except (OSError, HTTPException):
                status = 0  # nobody listens any more: Event Grid would come again
            self.statuses[status] += 1
            if status != 200:
                self.refused.append(event)


def behave(product: Product, faults: object) -> None:
    request = urllib.request.Request(
        f"{product.urls['acs']}/sandbox/faults", json.dumps(faults).encode(), method="PUT"
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


@contextmanager
def loaded(product: Product, events: list[dict[str, object]]) -> Iterator[list[Notifier]]:
    """Have four notifiers tell of events, and go on once some messages are being sent."""
    notifiers = [Notifier(product, events[start::4]) for start in range(4)]
    for notifier in notifiers:
        notifier.start()
    yield notifiers
    for notifier in notifiers:
        notifier.join()


async def end(child: Child) -> tuple[int, float]:
    """Send SIGTERM; returns the exit status, and how many seconds it took."""
    began = time.monotonic()
    child.terminate()
    process: subprocess.Popen[bytes] = child._process
    status = await asyncio.to_thread(process.wait, 5 * GRACE)
    return status, time.monotonic() - began


async def counted(product: Product, name: str) -> tuple[int, int]:
    """Count the messages of a queue: all of them, and those that can be had at once (32 at most)."""
    async with aiohttp.ClientSession() as session:
        rest = StorageRest(product._account("queue"), session)
        told = await rest.queue("GET", name, {"comp": "metadata"})
        seen = await rest.queue("GET", f"{name}/messages", {"peekonly": "true", "numofmessages": "32"})
    return int(told.headers["x-ms-approximate-messages-count"]), seen.body.count(b"<QueueMessage>")


async def rows(product: Product, people: list[str]) -> list[Message]:
    async with product.opened() as services:
        found = [await services.patients.messages(patient_key(patient_id)) for patient_id in people]
    return [row for each in found for row in each]


async def test_an_end_in_peace_under_load(product: Product) -> None:
    """What was taken ends or waits to be seen, nothing is in doubt; after a restart everything arrives."""
    ward = Ward(product)
    ward.fhir.put(CLINIC, ward.now)
    people = await ward.admit_many("end", PATIENTS, 5567000)
    behave(product, SLOW)
    events = [ward.put(make.hba1c(patient_id, 1, 9.8, ward.now)) for patient_id in people]
    host = host_of(product)
    with loaded(product, events) as notifiers:
        await product.until(lambda: len(messages(product)) >= 2)
        status, seconds = await end(host)
    assert status == 0
    assert seconds < GRACE + 5
    assert FAULTS.findall(host.log.read_text()) == []

    refused = [event for notifier in notifiers for event in notifier.refused]
    assert {code for n in notifiers for code in n.statuses} <= {0, 200, 503}
    sent = await rows(product, people)
    assert {row.status for row in sent} <= {"completed", "preparation"}
    waiting = {name: await counted(product, name) for name in QUEUES}
    left = sum(everything for everything, _ in waiting.values())
    told = f"{len(sent)} sent, {left} messages left, {len(refused)} refused"
    print(f"ended after {seconds:.1f} s: {told}")  # noqa: T201
    assert left > 0, "the end came too late to show anything"
    assert [name for name, (everything, seen) in waiting.items() if min(everything, 32) != seen] == []

    behave(product, [])
    await product.stack.restart_host(kill=False)
    for event in refused:
        assert product.call("POST", EVENTS, [event]).status == 200
    look = await product.idle(60)
    assert look.poisoned == {}
    sent = await rows(product, people)
    assert Counter(row.status for row in sent) == {"completed": PATIENTS}
    texts = Counter(message["to"] for message in messages(product))
    assert set(texts.values()) == {1}
    assert len(texts) == PATIENTS


def messages(product: Product) -> list[dict[str, str]]:
    """Return what the provider took."""
    with urllib.request.urlopen(f"{product.urls['acs']}/sandbox/messages") as answer:
        found = json.load(answer)["messages"]
    assert isinstance(found, list)
    return found

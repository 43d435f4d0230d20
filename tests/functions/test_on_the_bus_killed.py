"""The whole product on Service Bus, killed or told to end under load: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import random
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest
from bus_ward import accepted, behave, get, on_the_bus, opened, rows, waiting
from product_kit import Product
from ward import EVENTS, Ward

from sandbox.play import resources as make
from sandbox.processes import Child
from shared.queues import QUEUES

PATIENTS = 20
RESULTS = 5
SLOW = [{"do": "slow", "ms": 150.0}]
"""The provider takes its time, so that calls to it are under way when the end comes."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with on_the_bus(tmp_path_factory.mktemp("killed")) as started:
        yield started


@pytest.fixture
async def ward(product: Product) -> Ward:
    return await opened(product)


class Notifier(threading.Thread):
    """Tells of one change after the other, and again of what was not taken, as Event Grid does."""

    def __init__(self, product: Product, events: list[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._product = product
        self._events = events

    def run(self) -> None:
        for event in self._events:
            while not self._taken(event):
                threading.Event().wait(0.05)  # nobody listens: Event Grid waits longer

    def _taken(self, event: dict[str, Any]) -> bool:
        try:
            return self._product.call("POST", EVENTS, [event]).status == 200
        except (OSError, HTTPException):
            return False


def host_of(product: Product) -> Child:
    return next(each for each in product.stack.children if each.service.name == "host")


def load(ward: Ward, people: list[str], seed: int) -> list[Notifier]:
    """Begin to tell of five results of each, in any order; the last one leads to a message."""
    events = [
        ward.put(make.hba1c(patient_id, number, 9.8 if number == RESULTS else 6.0, ward.now))
        for number in range(1, RESULTS + 1)
        for patient_id in people
    ]
    random.Random(seed).shuffle(events)
    notifiers = [Notifier(ward.product, events[start::4]) for start in range(4)]
    for notifier in notifiers:
        notifier.start()
    return notifiers


async def joined(notifiers: list[Notifier]) -> None:
    for notifier in notifiers:
        await asyncio.to_thread(notifier.join)


async def judged(ward: Ward, people: list[str]) -> Counter[str]:
    """Hold what came of it to what must: all reflected, one message each, none taken twice."""
    look = await ward.product.idle(60)
    assert look.poisoned == {}
    for patient_id in people:
        record = await ward.record(patient_id)
        names = [f"Observation/{patient_id}-hba1c-{number}" for number in range(1, RESULTS + 1)]
        assert [name for name in names if record.facts.get(name) is None] == []
    sent, taken = await rows(ward, people), accepted(ward.product)
    assert Counter(row.to for row in sent) == {row.to: 1 for row in sent}
    assert len(sent) == len(people)
    for row in sent:
        accepts = taken.get(row.message_id, 0)
        assert accepts == 1 if row.status == "completed" else accepts <= 1, (row.status, accepts)
    return Counter(row.status for row in sent)


async def test_killed_again_and_again_nothing_is_lost_and_nothing_doubled(ward: Ward) -> None:
    """SIGKILL, twice, while changes come and messages go: only what was being sent is in doubt."""
    people = await ward.admit_many("k", PATIENTS, 5557000)
    behave(ward.product, SLOW)
    notifiers, under_way = load(ward, people, 1), 0
    for kill in range(2):
        before = len(accepted(ward.product))
        await ward.product.until(lambda: len(accepted(ward.product)) >= before + 2)  # noqa: B023  # at once
        await ward.product.stack.restart_host(kill=True)
        claimed = [row for row in await rows(ward, people) if row.status == "in-progress"]
        under_way += len(claimed)
        print(f"kill {kill + 1}: {len(claimed)} being sent")  # noqa: T201  # worth knowing
    await joined(notifiers)
    statuses = await judged(ward, people)
    print(dict(statuses))  # noqa: T201  # worth knowing
    assert set(statuses) <= {"completed", "unknown"}
    assert statuses["unknown"] <= under_way
    behave(ward.product, [])


async def test_told_to_end_it_leaves_nothing_in_doubt(ward: Ward) -> None:
    """SIGTERM under load: what runs ends, what was only taken is handed back, and then all arrives."""
    people = await ward.admit_many("t", PATIENTS, 5558000)
    behave(ward.product, SLOW)
    notifiers, before = load(ward, people, 2), len(accepted(ward.product))
    await ward.product.until(lambda: len(accepted(ward.product)) >= before + 2)
    child = host_of(ward.product)
    child.terminate()
    process: subprocess.Popen[bytes] = child._process
    assert await asyncio.to_thread(process.wait, 15) == 0
    left = get(f"{ward.product.urls['bus']}/sandbox/queues")
    assert {name: found["locked"] for name, found in left.items() if found["locked"]} == {}
    assert {row.status for row in await rows(ward, people)} <= {"completed", "preparation"}
    print("left:", {name: left[name]["active"] for name in QUEUES if left[name]["active"]})  # noqa: T201
    await ward.product.stack.restart_host(kill=False)
    await joined(notifiers)
    assert await judged(ward, people) == {"completed": PATIENTS}
    assert waiting(ward.product, "changes")["active"] == 0
    behave(ward.product, [])

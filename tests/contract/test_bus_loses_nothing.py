"""Lines that break, handlers that fail, waits and crowds, the same told again: each change is carried out."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import pytest
from bus_kit import bus_queues, closing_at_once, reading
from bus_receivers import Failed, receiving
from storage_kit import Line

from functions import serving as functions_serving
from functions.listening import Delivery
from functions.serving import carry_out
from sandbox.service_bus.service import Running
from sandbox.service_bus.settings import connection_string, namespace
from sandbox.service_bus.threaded import serving
from shared.adapters.bus_queues import BusQueues
from shared.adapters.storage_rest import Account
from shared.errors import Unavailable
from shared.queues import CHANGES
from shared.usecases.jobs import Change, Job
from shared.usecases.posting import post
from shared.usecases.react import Crowded, Trigger

SOME = 40
"""Changes that are told."""
SOURCES = 4
PATIENTS = 5
RECEIVERS = 8
LINES = 4


class World:
    """Sources that tell what happened, and the work that it makes; both fail at random."""

    def __init__(self, seed: int, queues: BusQueues) -> None:
        self._chance = random.Random(seed)
        self._queues = queues
        self._bugs: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.put_off = 0
        self.triggers: dict[str, set[str]] = {}
        self.milestones: asyncio.Queue[int] = asyncio.Queue()

    async def tell(self, numbers: Iterable[int], line: Line) -> None:
        """Tell of some changes once or more, each time until it is taken, as a FHIR server does."""
        for number in numbers:
            change = Change("Observation", str(number), "1", "updated")
            times = self._chance.choice((1, 1, 2, 3))
            while times:
                if self._chance.random() < 0.05:
                    line.hang_up()
                with suppress(Unavailable):
                    await post(self._queues, CHANGES, change, heard=True)
                    times -= 1

    async def handle(self, delivery: Delivery, _session: str) -> None:
        """Carry one out as the product does."""
        try:
            await carry_out(delivery, self._take)
        except Unavailable as away:  # it could not even be put off
            raise Failed from away

    async def _take(self, _services: object, job: Job, trigger: Trigger) -> None:
        assert isinstance(job, Change)
        self.triggers.setdefault(trigger.trigger_id, set()).add(job.resource_id)
        await asyncio.sleep(0)
        happens = self._chance.random()
        if happens < 0.25:
            self.put_off += 1
            raise Unavailable("away")
        if happens < 0.45:
            self.put_off += 1
            raise Crowded(f"patient-{int(job.resource_id) % PATIENTS}")
        if happens < 0.55 and self._bugs[job.resource_id] < 2:  # more would be poison
            self._bugs[job.resource_id] += 1
            raise Failed
        self.done[job.resource_id] += 1
        self.milestones.put_nowait(len(self.done))


async def _nobody() -> None:
    return


async def play(seed: int, running: Running, patch: pytest.MonkeyPatch) -> World:
    """Tell of everything while it is worked on; returns once all of it is done."""
    async with (
        Line(Account(f"http://127.0.0.1:{running.port}", "bus")).open() as line,
        bus_queues(connection_string(line.port)) as queues,
    ):
        world = World(seed, queues)
        patch.setattr(functions_serving, "queues", lambda: queues)
        patch.setattr(functions_serving, "services", _nobody)
        patch.setattr(functions_serving, "transport", lambda: "servicebus")
        patch.setitem(functions_serving.PAUSE, "servicebus", 0.0)
        patch.setitem(functions_serving.HELD, "servicebus", (0.0, 0.0))
        receivers = receiving(running.port, CHANGES, world.handle, RECEIVERS, LINES, with_sessions=True)
        async with receivers as host:
            shares = (range(first, SOME, SOURCES) for first in range(SOURCES))
            telling = [asyncio.create_task(world.tell(share, line)) for share in shares]
            cuts = 0
            while (done := await asyncio.wait_for(world.milestones.get(), 60)) < SOME:
                if done > 10 * (cuts + 1):
                    host.cut(cuts)
                    cuts += 1
            await asyncio.gather(*telling)
    return world


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK leaves the socket of a broken line
@pytest.mark.filterwarnings("ignore:loop is closed:ResourceWarning")
@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_breaks_all_that_was_told_is_done(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(namespace()) as running, closing_at_once():
        world = await play(seed, running, monkeypatch)
        async with reading(running.connection_string, CHANGES + "/$deadletterqueue") as dead:
            assert await dead.peek() == []
        gc.collect()  # here, where it is known why
    assert set(world.done) == {str(number) for number in range(SOME)}
    assert world.put_off > SOME // 4
    assert all(len(changes) == 1 for changes in world.triggers.values())

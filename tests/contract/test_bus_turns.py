"""Turns: 32 receivers, and one patient's changes are still carried out in order, whoever falls over."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import defaultdict

import pytest
from bus_kit import bus_queues, closing_at_once
from bus_receivers import Failed, receiving

from functions.listening import Delivery
from sandbox.service_bus.settings import namespace
from sandbox.service_bus.threaded import serving

RECEIVERS = 32
LINES = 8
SESSIONS = 40
EACH = 6


class Ward:
    """Handles changes of many patients at random speed, now and then in vain; notes what it did."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.first: dict[str, list[int]] = defaultdict(list)
        self.inside: dict[str, int] = defaultdict(int)
        self.deliveries = 0
        self.busiest = 0
        self.tenths: asyncio.Queue[int] = asyncio.Queue()

    async def handle(self, delivery: Delivery, session: str) -> None:
        """Carry one change out."""
        self.deliveries += 1
        self.inside[session] += 1
        self.busiest = max(self.busiest, sum(map(bool, self.inside.values())))
        try:
            for _ in range(self._chance.randrange(20)):
                await asyncio.sleep(0)
            if self._chance.random() < 0.1:
                raise Failed
        finally:
            self.inside[session] -= 1
        number = int(delivery.body)
        if number not in self.first[session]:
            self.first[session].append(number)
            done = sum(map(len, self.first.values()))
            if done % (SESSIONS * EACH // 10) == 0:
                self.tenths.put_nowait(done)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the SDK leaves the socket of a broken line
@pytest.mark.filterwarnings("ignore:loop is closed:ResourceWarning")
async def test_changes_of_a_patient_stay_in_order_under_many_receivers() -> None:
    """Receivers at work on many patients at once; some fail, some lines are cut; nothing is lost."""
    chance = random.Random(32)
    ward = Ward(chance)
    sent = [(f"patient-{session}", b"%d" % number) for number in range(EACH) for session in range(SESSIONS)]
    with serving(namespace()) as running, closing_at_once():
        async with bus_queues(running.connection_string) as queues:
            await asyncio.gather(*(queues.send("changes", body, session=session) for session, body in sent))
        port = running.port
        async with receiving(port, "changes", ward.handle, RECEIVERS, LINES, with_sessions=True) as host:
            for tenth in range(10):
                await asyncio.wait_for(ward.tenths.get(), 60)
                if tenth < 8:
                    host.cut(chance.randrange(LINES))
        gc.collect()  # here, where it is known why
    assert dict(ward.first) == {f"patient-{n}": list(range(EACH)) for n in range(SESSIONS)}
    assert ward.deliveries > SESSIONS * EACH
    assert ward.busiest >= 8
    assert host.cuts == 8

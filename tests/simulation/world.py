"""The world: processes, queues and time in the hands of a seeded scheduler that interleaves every worker.

A step opens one gate, takes one message off a queue, or lets one thing happen outside; the seed says which.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from shared.adapters.memory import Letter
from shared.errors import Conflict, Unavailable
from shared.fhir.instants import Instant
from shared.patient.record import Decision
from shared.ports import Stored
from shared.usecases.outside import OutsideEffect
from tests.simulation import process, watch
from tests.simulation.faults import CRASHES, Faults
from tests.simulation.gate import WORKER, Gate
from tests.simulation.loop import StepLoop

MOST_DELIVERIES = 5
"""After which a message goes to the poison queue."""
AT_ONCE = 4
"""Triggers in flight."""
PROCESSES = 2
OUTSIDE = ("wire", "acs", "publications", "staff")
"""Queues of senders who try until they succeed; they have no poison queue."""


@dataclass
class Worker:
    """One execution of a trigger; a timer's has no letter."""

    number: int
    process: int
    task: asyncio.Task[None]
    queue: str = ""
    letter: Letter | None = None
    overtaken: bool = False
    """Its message has become visible again while it was still at work."""


class World:
    """Everything, with the seed's choices; `violations` collects what must never happen."""

    def __init__(self, choices: Random, faults: Faults, start: Instant) -> None:
        self.choices = choices
        self.faults = faults
        self.outside = process.Outside(start)
        self.loop = StepLoop()
        self.gate = Gate(self.loop)
        self.processes = [self._fresh() for _ in range(PROCESSES)]
        self.workers: dict[int, Worker] = {}
        self.poison: list[tuple[str, Letter]] = []
        self.disturbed: set[str] = set()
        """Ids of triggers that were crashed, failed or were overtaken: their claims may end as unknown."""
        self.violations: list[str] = []
        self.asked: dict[str, OutsideEffect] = {}
        """What commits asked to be done outside, by effect id."""
        self.told: dict[str, str] = {}
        """The best that the provider reported of a message, by its id."""
        self.steps = 0
        self.timers_done = 0
        self._started = 0

    def _fresh(self) -> Any:
        return process.services(self.outside, self.gate, self._seen)

    def _seen(self, stored: Stored, decision: Decision) -> None:
        self.violations += watch.claims(self.outside.fhir, stored.record, decision)
        self.asked |= watch.asked(decision)

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do something outside of the workers, at once."""
        task: asyncio.Task[T] = self.loop.create_task(work)
        self.loop.settle()
        return task.result()

    # What happens

    def start_timer(self, name: str) -> None:
        """Let a timer fire in some process."""
        chosen = self.choices.randrange(PROCESSES)
        self._start(chosen, _quietly(process.TIMERS[name](self.processes[chosen])))

    def start_letter(self, queue: str) -> None:
        """Take a message off a queue, not always the oldest, and begin to work on it."""
        waiting = len(self.outside.queue.queues[queue])
        position = 0 if self.choices.random() < 0.7 else self.choices.randrange(waiting)
        letter = self.outside.queue.take(queue, position)
        chosen = self.choices.randrange(PROCESSES)
        worker = self._start(chosen, self._carry_out(chosen, queue, letter))
        worker.queue, worker.letter = queue, letter

    def overtake(self) -> None:
        """Let a message become visible again while its worker is still at work on it."""
        at_work = [w for w in self.workers.values() if w.letter is not None and not w.overtaken]
        if at_work:
            worker = self.choices.choice(at_work)
            assert worker.letter is not None
            worker.overtaken = True
            self._again(worker)

    def _start(self, chosen: int, work: Coroutine[Any, Any, None]) -> Worker:
        self._started += 1
        token = WORKER.set(self._started)
        worker = Worker(self._started, chosen, self.loop.create_task(work))
        WORKER.reset(token)
        self.workers[worker.number] = worker
        self.settle()
        return worker

    async def _carry_out(self, chosen: int, queue: str, letter: Letter) -> None:
        await process.carry_out(self.outside, self.processes[chosen], queue, letter)
        await self.gate.at("queue.delete:before")
        worker = self.workers[WORKER.get()]
        if not worker.overtaken:
            worker.letter = None
        await self.gate.at("queue.delete:after")

    # One step

    def step(self) -> None:
        """Open one gate: the scheduler's choice of who goes on, and of what befalls them there."""
        self.steps += 1
        parked = self.choices.choice(self.gate.parked)
        fault = self.faults.at(parked.point)
        worker = self.workers.get(parked.worker)
        if fault and worker is not None and worker.letter is not None:
            self.disturbed.add(worker.letter.letter_id)
        if fault in CRASHES and worker is not None:
            self._crash(worker, fault)
        elif fault in CRASHES:  # what a failed worker had begun goes on without it, until its process ends
            self.gate.drop(parked.worker)
        else:
            self.gate.open(parked, fault)
        self.settle()

    def _crash(self, dying: Worker, fault: str) -> None:
        crashed = [dying]
        if fault == "kill":
            crashed = [w for w in self.workers.values() if w.process == dying.process]
            self.processes[dying.process] = self._fresh()
        for worker in crashed:
            self.gate.drop(worker.number)
            worker.task._log_destroy_pending = False  # type: ignore[attr-defined] # it is dropped on purpose
            del self.workers[worker.number]
            self._again(worker)

    def settle(self) -> None:
        """Run all who can, and see who is done."""
        self.loop.settle()
        for worker in [w for w in self.workers.values() if w.task.done()]:
            del self.workers[worker.number]
            failure = worker.task.exception()
            if failure is not None:
                self._failed(worker, failure)
            elif not worker.queue:
                self.timers_done += 1

    def _failed(self, worker: Worker, failure: BaseException) -> None:
        if not isinstance(failure, Unavailable | Conflict):
            told = "".join(traceback.format_exception(failure))
            self.violations.append(f"a bug in {worker.queue or 'a timer'}: {told}")
        self._again(worker)

    def _again(self, worker: Worker) -> None:
        """Make a worker's message visible again, or give it up; its next delivery has a higher count."""
        letter = worker.letter
        if letter is None:
            return
        self.disturbed.add(letter.letter_id)
        if worker.overtaken and worker.number not in self.workers:
            return  # it became visible before
        copy = Letter(letter.letter_id, letter.body, letter.deliveries)
        if letter.deliveries >= MOST_DELIVERIES and worker.queue not in OUTSIDE:
            self.poison.append((worker.queue, copy))
        else:
            self.outside.queue.put_back(worker.queue, copy)

    def idle(self) -> None:
        """Step until nothing is in flight and no message waits; what was given up is replayed by hand."""
        while self.workers or self.gate.parked or self.outside.queue.waiting() or self.poison:
            self.busy()

    def busy(self) -> None:
        """Take one step of whatever is to be done."""
        waiting = self.outside.queue.waiting()
        if waiting and len(self.workers) < AT_ONCE and self.choices.random() < 0.5:
            self.start_letter(self.choices.choice(waiting))
        elif self.gate.parked:
            self.step()
        elif self.poison:
            queue, letter = self.poison.pop(0)
            self.outside.queue.put_back(queue, Letter(f"{letter.letter_id}r", letter.body))
        if self.faults.rate and self.choices.random() < self.faults.rate / 10:
            self.overtake()


async def _quietly(work: Coroutine[Any, Any, object]) -> None:
    await work

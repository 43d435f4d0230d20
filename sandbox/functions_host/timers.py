"""Fires timer triggers by a clock that may run at any speed, jump or stand still.

As Azure: a timer never overlaps itself; occurrences missed while it ran, or that the clock jumped over, are
made up for by one run with IsPastDue; the next occurrence counts from when the run began. Schedules are in
UTC. Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from functools import partial

from sandbox.functions_host.clocks import Clock
from sandbox.functions_host.datum import Datum
from sandbox.functions_host.invoker import Invoker
from sandbox.functions_host.specs import FunctionSpec, TimerTrigger
from sandbox.functions_host.worker import Outcome
from shared.fhir.instants import Instant, iso

_log = logging.getLogger("sandbox.functions_host")
POLL_SECONDS = 0.02


class Timer:
    """One timer function: when it is due, and whether it runs."""

    def __init__(self, spec: FunctionSpec, trigger: TimerTrigger, invoker: Invoker, now: Instant) -> None:
        self.spec = spec
        self._schedule = trigger.schedule
        self._invoker = invoker
        self._seen = now
        self._last: Instant | None = None
        self._task: asyncio.Task[Outcome] | None = None
        self.next = now if trigger.run_on_startup else self._schedule.next_after(now)
        self.caught_up_to = Instant(now - 1)

    def look(self, now: Instant) -> None:
        """Fire if an occurrence is due at `now` and the run before has ended; note how far this timer is."""
        if now < self._seen:  # the clock was put back: what is due counts from there
            self.next = self._schedule.next_after(now)
        self._seen = now
        if self._task is None and self.next <= now:
            self._begin(now)
        elif self._task is None:
            self.caught_up_to = now

    def _begin(self, now: Instant) -> None:
        due = self.next
        past_due = self._schedule.next_after(due) <= now
        self.caught_up_to = Instant(due - 1)
        self.next = self._schedule.next_after(now)
        self._task = asyncio.create_task(self.fire(now, past_due))
        self._task.add_done_callback(partial(self._ended, now))

    def _ended(self, began: Instant, task: asyncio.Task[Outcome]) -> None:
        self._task = None
        self.caught_up_to = began
        if not task.cancelled() and (problem := task.exception()) is not None:
            _log.error("timer %s could not be run", self.spec.name, exc_info=problem)

    async def fire(self, now: Instant, past_due: bool) -> Outcome:
        """Run the function once, as of `now`."""
        outcome = await self._invoker.invoke(self.spec, self._info(now, past_due), {})
        self._last = now
        return outcome

    def _info(self, now: Instant, past_due: bool) -> Datum:
        last = "0001-01-01T00:00:00+00:00" if self._last is None else iso(self._last)
        status = {"Last": last, "Next": iso(self._schedule.next_after(now)), "LastUpdated": last}
        info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
        return Datum(json.dumps(info), "json")

    def pending(self) -> set[asyncio.Task[Outcome]]:
        """Return the run that is under way, if one is."""
        return set() if self._task is None else {self._task}


class Timers:
    """All timers, polled together."""

    def __init__(self, specs: Iterable[FunctionSpec], invoker: Invoker, clock: Clock) -> None:
        now = Instant(clock.now())
        self._clock = clock
        self._seen = Instant(now - 1)
        self._poller: asyncio.Task[None] | None = None
        self.timers = {
            spec.name: Timer(spec, spec.trigger, invoker, now)
            for spec in specs
            if isinstance(spec.trigger, TimerTrigger)
        }

    @property
    def caught_up_to(self) -> Instant:
        """The instant up to which every timer that was due has been fired and has finished."""
        return min((timer.caught_up_to for timer in self.timers.values()), default=self._seen)

    def start(self) -> None:
        """Begin to look at the clock."""
        self._poller = asyncio.create_task(self._poll())

    def look(self) -> None:
        """Look at the clock once, and fire what is due."""
        self._seen = now = Instant(self._clock.now())
        for timer in self.timers.values():
            timer.look(now)

    async def fire(self, name: str) -> Outcome:
        """Run a timer function now, whatever its schedule. Raises KeyError for a name that is no timer."""
        return await self.timers[name].fire(Instant(self._clock.now()), past_due=False)

    async def stop(self) -> None:
        """Fire no more; runs under way go on."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)

    def pending(self) -> set[asyncio.Task[Outcome]]:
        """Return the runs that are under way."""
        return {task for timer in self.timers.values() for task in timer.pending()}

    async def close(self) -> None:
        """Break off what is still running."""
        pending = self.pending()
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _poll(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(POLL_SECONDS)

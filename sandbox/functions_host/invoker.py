"""One door to every invocation: calls the worker, writes the queue outputs, and counts.

All four triggers come through here, so the status page's figures and the drain at shutdown hold for each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from sandbox.functions_host import worker
from sandbox.functions_host.datum import Datum
from sandbox.functions_host.specs import FunctionSpec, QueueOutput
from sandbox.functions_host.worker import Outcome

_log = logging.getLogger("sandbox.functions_host")


class Outputs(Protocol):
    """Where queue output bindings are written."""

    async def send(self, target: QueueOutput, value: Datum) -> None:
        """Enqueue what a function has set on an output binding."""
        ...


class Tally:
    """One function's counts."""

    __slots__ = ("executed", "failed", "in_flight")

    def __init__(self) -> None:
        self.in_flight = 0
        self.executed = 0
        self.failed = 0


class Invoker:
    """Invokes functions and knows how many are under way."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._idle = asyncio.Event()
        self._idle.set()
        self._running = 0
        self.tallies: dict[str, Tally] = {}

    async def invoke(
        self, spec: FunctionSpec, value: Datum, metadata: Mapping[str, Datum], trace_parent: str = ""
    ) -> Outcome:
        """Run `spec` with its trigger's value to the end, its outputs included."""
        tally = self.tallies.setdefault(spec.name, Tally())
        self._enter(tally)
        try:
            outcome = await worker.invoke(spec.function_id, spec.trigger.param, value, metadata, trace_parent)
            if outcome.ok and spec.outputs:
                outcome = await self._write(spec, outcome)
        finally:
            self._leave(tally)
        tally.executed += 1
        tally.failed += not outcome.ok
        return outcome

    async def drained(self) -> None:
        """Wait until no invocation is under way."""
        await self._idle.wait()

    def _enter(self, tally: Tally) -> None:
        tally.in_flight += 1
        self._running += 1
        self._idle.clear()

    def _leave(self, tally: Tally) -> None:
        tally.in_flight -= 1
        self._running -= 1
        if not self._running:
            self._idle.set()

    async def _write(self, spec: FunctionSpec, outcome: Outcome) -> Outcome:
        """Send the outputs; as in Azure, an invocation whose output cannot be written has failed."""
        values = dict(outcome.outputs)
        if "$return" in spec.outputs and outcome.returned is not None:
            values["$return"] = outcome.returned
        try:
            for name, value in values.items():
                await self._outputs.send(spec.outputs[name], value)
        except Exception as problem:  # whatever it is, the trigger must see a failure and retry
            _log.error("function %s: an output could not be written: %s", spec.name, problem)
            return Outcome(ok=False, error=f"output: {problem}")
        return outcome

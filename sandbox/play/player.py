"""Play: jump to the next instant at which something happens, let it happen, wait until all is quiet.

The clock runs in real time between the jumps, so that latencies are true; timers and wake-ups come in
between as they would in those weeks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.idle import Look, until_idle
from sandbox.play.hospital import Hospital
from sandbox.play.story import Act
from sandbox.stack import Stack
from shared.fhir.instants import SECOND, Instant
from shared.patient.record import TimelineLine, patient_key
from shared.usecases.services import Services

TICK = 10 * SECOND
"""The wake-up timer's beat: what is due comes up at its next one."""

FAR = Instant(2**62)

type Tell = Callable[[Instant, str, str, Sequence[TimelineLine]], object]
"""Told of each thing that happens: when, whose (key), what was done ("" for time alone), what came of it."""


@dataclass(slots=True)
class Cue:
    """An act with the patient that it is about."""

    key: str
    act: Act


@dataclass(slots=True)
class Player:
    """Plays cues on a stack."""

    stack: Stack
    services: Services
    hospital: Hospital
    tell: Tell
    written: dict[str, list[Instant]] = field(default_factory=dict)
    """When resources of a patient were written, by key: where latencies are measured from."""
    _lines: dict[str, int] = field(default_factory=dict)

    async def play(self, cues: Iterable[Cue], until: Instant) -> None:
        """Play to the end. Raises BusyError when the stack does not come to rest, PoisonedError."""
        waiting = sorted(cues, key=lambda cue: cue.act.at)
        while True:
            due = await self._next_due()
            upcoming = waiting[0].act.at if waiting else FAR
            if min(due, upcoming) > until:
                break
            if due < upcoming:
                await self._wake(due)
                continue
            now = [cue for cue in waiting if cue.act.at == upcoming]
            waiting = waiting[len(now) :]
            await self._act(upcoming, now)
        self._jump(until)
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing moves. Raises BusyError, PoisonedError."""
        look: Look = await until_idle(self.stack)
        if look.poisoned:
            raise PoisonedError(f"messages that could not be processed: {dict(look.poisoned)}")

    async def _next_due(self) -> Instant:
        due = await self.services.indexes.due(FAR, 1)
        return Instant(-(-due[0].due // TICK) * TICK) if due else FAR

    async def _wake(self, due: Instant) -> None:
        keys = {wakeup.key for wakeup in await self.services.indexes.due(due, 1000)}
        self._jump(due)
        await self.quiet()
        for key in sorted(keys):
            await self._tell(key, due, "")

    async def _act(self, at: Instant, cues: Sequence[Cue]) -> None:
        self._jump(at)
        for cue in cues:
            for doing in cue.act.doing:
                if await self.hospital.do(doing):
                    self.written.setdefault(cue.key, []).append(self.stack.clock.now())
        await self.quiet()
        for cue in cues:
            await self._tell(cue.key, at, cue.act.text)

    def _jump(self, to: Instant) -> None:
        if to > self.stack.clock.now():
            self.stack.clock.set(to)

    async def _tell(self, key: str, at: Instant, text: str) -> None:
        lines = await self.services.patients.timeline(key) if key else ()
        fresh = lines[self._lines.get(key, 0) :]
        self._lines[key] = len(lines)
        if text or fresh:
            self.tell(at, key, text, fresh)


class PoisonedError(Exception):
    """A queue message failed again and again; the message names the queue."""


def cue(patient_id: str, act: Act) -> Cue:
    """Make a cue of a patient's act; "" is for acts about nobody."""
    return Cue(patient_key(patient_id) if patient_id else "", act)

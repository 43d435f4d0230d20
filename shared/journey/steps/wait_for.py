"""The step that waits for something to happen, with a time-out.

Example: {id: reply, kind: wait_for,
cases: [{when: {answer: {words: ["yes", "sí"]}}, as: confirmed, next: done},
{when: {answer: {any: true}}, as: unclear, next: call}], timeout: P2D, timed_out: call}
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import describe, parse_duration
from shared.fhir.instants import Instant
from shared.journey.due import Anchor, Until, Whose, due_at, followed, hangs_on_focus, local, zone_of
from shared.journey.happened import Happened, TimePassed
from shared.journey.happening import Happening
from shared.journey.steps.base import (
    CompiledStep,
    Goes,
    Iso8601Duration,
    Outcome,
    Setting,
    Standing,
    StepId,
    StepModel,
    Waits,
)
from shared.journey.steps.wait import said

TIMED_OUT = "timed-out"
"""The result of a wait that nothing ended."""

MOVED = "moved"
"""The result of a wait whose resource moved, where `if_moved` says where to go then."""

_PASSED = TimePassed()


class AwaitedCase(Authored):
    """One thing that ends the wait, and where it leads."""

    when: Happening
    # "as" is what an author writes; the attribute needs another name in Python
    name: str = Field(default="", alias="as", pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    """What came of it, for steps that follow to ask: see `result` of a branch."""
    next: StepId


class WaitForStep(StepModel):
    """Wait until the first of the cases happens, or until the time is up."""

    kind: Literal["wait_for"]
    cases: tuple[AwaitedCase, ...] = Field(min_length=1)
    """In this order, where one thing fits several."""
    timeout: Iso8601Duration | None = None
    """How long at most."""
    until: Until | None = None
    """Until when at most."""
    zone: Whose = "organisation"
    """Whose days and clock count."""
    timed_out: StepId | None = None
    """Where to go when the time is up; the next in the list where none is named."""
    if_moved: StepId | None = None
    """Where to go when the focus moves meanwhile; else the end of the wait just moves with it."""
    links: ClassVar[tuple[str, ...]] = ("timed_out", "if_moved")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.timeout is None) == (self.until is None):
            raise ValueError("needs exactly one of timeout and until: nobody waits for ever")
        if self.timeout is not None and parse_duration(self.timeout).sign <= 0:
            raise ValueError("a timeout is longer than nothing")
        if self.if_moved and not isinstance(self.until, Anchor):
            raise ValueError("if_moved needs an anchored until")
        return self

    @property
    def needs_focus(self) -> bool:
        """Say whether it hangs on the enrolment's own resource."""
        return hangs_on_focus(self.until) or any(case.when.focus_status for case in self.cases)

    def mentions(self) -> dict[str, str]:
        """Return the step ids that it names, by field path."""
        return super().mentions() | {f"cases[{n}].next": case.next for n, case in enumerate(self.cases)}

    def summary(self) -> str:
        """Say what it does."""
        kinds = list(dict.fromkeys(case.when.kind.replace("_", " ") for case in self.cases))
        most = describe(parse_duration(self.timeout)) if self.timeout else f"until {said(self.until)}"
        return f"Wait for {' or '.join(kinds)}, at most {most}"

    def onward(self, following: str) -> frozenset[str]:
        """Return where it goes at once: what holds already, or an instant that is past."""
        levels = {case.next for case in self.cases if case.when.kind in _LEVELS}
        past = {following} if isinstance(self.until, Anchor | str) else set()
        return frozenset(levels | past)

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        due = due_at(self.until, self.timeout, setting.zone, self.zone)

        def run(standing: Standing) -> Outcome:
            return self._heard(standing, _PASSED) or self._arrive(standing, due(standing), setting)

        def moved(standing: Standing) -> Outcome | None:
            return self._moved(standing, due(standing), setting)

        return CompiledStep(
            self.id,
            self.kind,
            run,
            woken=lambda _: Goes(setting.following, f"timed out without {self._nouns()}", result=TIMED_OUT),
            moved=moved if isinstance(self.until, Anchor) else None,
            follows=followed(self.until),
            heard=self._heard,
            asks=any(case.when.answer for case in self.cases),
        )

    def _nouns(self) -> str:
        """Name what ends it, each once."""
        return " or ".join(dict.fromkeys(case.when.noun() for case in self.cases))

    def _heard(self, standing: Standing, happened: Happened) -> Goes | None:
        for case in self.cases:
            if why := case.when.happens(standing, happened):
                return Goes(case.next, why, result=case.name or case.when.kind)
        return None

    def _moved(self, standing: Standing, due: Instant | None, setting: Setting) -> Outcome | None:
        if due == standing.enrolment.due:
            return None
        if self.if_moved is not None:
            return Goes(self.if_moved, f"{standing.enrolment.focus} moved", result=MOVED)
        return self._arrive(standing, due, setting)

    def _arrive(self, standing: Standing, due: Instant | None, setting: Setting) -> Outcome:
        if due is None:
            return Waits(None, f"waiting until {said(self.until)}, which is not known yet")
        zone = zone_of(setting.zone, self.zone)(standing)
        if due <= standing.now:
            return Goes(setting.following, f"{local(due, zone)} is already past", result=TIMED_OUT)
        return Waits(due, f"waiting until {local(due, zone)} for {self._nouns()}")


_LEVELS = frozenset({"in_segment", "not_in_segment", "focus_status", "message"})
"""Happenings that may hold on arrival."""

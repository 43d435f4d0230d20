"""The step that waits: for a length of time, or until an instant, which may be of a resource that moves.

Examples: {id: a-week, kind: wait, duration: P7D}
{id: three-days-before, kind: wait, until: {anchor: focus.start, offset: -P3D, at: "09:00"}}
{id: next-tuesday, kind: wait, until: {weekdays: [tue], at: "10:00"}, zone: patient}
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from shared.fhir.calendar import describe, parse_duration
from shared.fhir.instants import Instant
from shared.journey.due import (
    Anchor,
    NextClock,
    NextDay,
    Until,
    Whose,
    due_at,
    followed,
    hangs_on_focus,
    local,
    zone_of,
)
from shared.journey.steps.base import (
    CompiledStep,
    Ends,
    Goes,
    Iso8601Duration,
    Outcome,
    Setting,
    Standing,
    StepId,
    StepModel,
    Waits,
)

__all__ = ["Anchor", "NextClock", "NextDay", "WaitStep"]


class WaitStep(StepModel):
    """Wait; exactly one of `duration` and `until`."""

    kind: Literal["wait"]
    duration: Iso8601Duration | None = None
    until: Until | None = None
    """An instant, an anchor, or the next of some weekdays."""
    zone: Whose = "organisation"
    """Whose days and clock count. A patient whose zone is not known has the organisation's."""
    if_past: Literal["continue", "skip-to", "exit"] = "continue"
    """What to do when the instant is already past on arrival, or once the focus has moved."""
    skip_to: StepId | None = None
    """For `if_past: skip-to`."""
    if_moved: StepId | None = None
    """Where to go when the focus moves while waiting here; else the wait just moves with it."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next", "skip_to", "if_moved")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.duration is None) == (self.until is None):
            raise ValueError("needs exactly one of duration and until")
        if self.duration is not None and parse_duration(self.duration).sign < 0:
            raise ValueError("cannot wait for a negative duration")
        if (self.if_past == "skip-to") != (self.skip_to is not None):
            raise ValueError("if_past: skip-to and skip_to go together")
        if self.if_moved and not isinstance(self.until, Anchor):
            raise ValueError("if_moved needs an anchored until")
        return self

    @property
    def needs_focus(self) -> bool:
        """Say whether it hangs on the enrolment's own resource."""
        return hangs_on_focus(self.until)

    def summary(self) -> str:
        """Say what it does."""
        if self.duration is not None:
            return f"Wait {describe(parse_duration(self.duration))}"
        return f"Wait until {said(self.until)}"

    def onward(self, following: str) -> frozenset[str]:
        """Return where it goes when there is nothing to wait for."""
        always = isinstance(self.until, NextDay | NextClock)
        if always or (self.duration is not None and parse_duration(self.duration)):
            return frozenset()
        past = {"continue": following, "skip-to": self.skip_to, "exit": None}[self.if_past]
        return frozenset({past} if past is not None else ())

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        due = due_at(self.until, self.duration, setting.zone, self.zone)

        def run(standing: Standing) -> Outcome:
            return self._arrive(standing, due(standing), setting)

        def moved(standing: Standing) -> Outcome | None:
            return self._moved(standing, due(standing), setting)

        return CompiledStep(
            self.id,
            self.kind,
            run,
            woken=lambda _: Goes(setting.following),
            moved=moved if isinstance(self.until, Anchor) else None,
            follows=followed(self.until),
        )

    def _arrive(self, standing: Standing, due: Instant | None, setting: Setting) -> Outcome:
        zone = zone_of(setting.zone, self.zone)(standing)
        if due is None:
            return Waits(None, f"waiting until {said(self.until)}, which is not known yet")
        if due > standing.now:
            return Waits(due, f"waiting until {local(due, zone)}")
        if self.duration is not None:
            return Goes(setting.following)
        was = f"{local(due, zone)} is already past"
        if self.if_past == "exit":
            return Ends(was)
        if self.skip_to is not None:
            return Goes(self.skip_to, f"{was}: skipped to {self.skip_to}")
        return Goes(setting.following, f"{was}: going on")

    def _moved(self, standing: Standing, due: Instant | None, setting: Setting) -> Outcome | None:
        if due == standing.enrolment.due:
            return None
        if self.if_moved is not None:
            return Goes(self.if_moved, f"{standing.enrolment.focus} moved")
        return self._arrive(standing, due, setting)


_SIDES = {"focus.start": "start", "focus.end": "end", "focus.value": "date"}


def said(until: Anchor | NextDay | NextClock | str | None) -> str:
    """Say an instant as authors read it."""
    if isinstance(until, Anchor):
        side = _SIDES[until.anchor]
        which = f"the {side} of the next {until.of.type}" if until.of else f"its {side}"
        offset = parse_duration(until.offset)
        way = "after" if offset.sign > 0 else "before"
        placed = f"{describe(offset)} {way} {which}" if offset else which
        return f"{placed}, {until.at}" if until.at else placed
    if isinstance(until, NextDay):
        return f"the next {', '.join(until.weekdays)} {until.at}"
    return f"the next {until.at}" if isinstance(until, NextClock) else str(until)

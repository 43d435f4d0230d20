"""The step that waits: for a length of time, until an instant, or until an instant of the focus, which moves.

Examples: {id: a-week, kind: wait, duration: P7D}
{id: three-days-before, kind: wait, until: {anchor: focus.start, offset: -P3D, at: "09:00"}}
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Discriminator, Tag, model_validator

from shared.authoring import Authored
from shared.errors import AuthorFault
from shared.fhir.calendar import Duration, add, at_clock, describe, first_zone, parse_clock, parse_duration
from shared.fhir.instants import Instant, iso, parse_instant, to_datetime
from shared.journey.steps.base import (
    ClockTime,
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
    duration_of,
)

type Due = Callable[[Standing], Instant]


def _exact(text: str) -> str:
    if "T" not in text or (not text.endswith(("Z", "z")) and text[-6:-5] not in ("+", "-")):
        raise ValueError("not an instant with its offset, such as 2026-03-01T09:00:00Z")
    parse_instant(text)
    return text


ExactInstant = Annotated[str, AfterValidator(_exact)]


class Anchor(Authored):
    """An instant of the resource that the enrolment hangs on, and an offset from it."""

    anchor: Literal["focus.start", "focus.end"]
    offset: Iso8601Duration = "PT0S"
    at: ClockTime | None = None
    """Time of day on the local day so found; the instant itself where none is named."""


def _sort(until: object) -> str:
    return "instant" if isinstance(until, str) else "anchor"


class WaitStep(StepModel):
    """Wait; exactly one of `duration` and `until`."""

    kind: Literal["wait"]
    duration: Iso8601Duration | None = None
    until: (
        Annotated[
            Annotated[Anchor, Tag("anchor")] | Annotated[ExactInstant, Tag("instant")], Discriminator(_sort)
        ]
        | None
    ) = None
    zone: Literal["organisation", "patient"] = "organisation"
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

    def onward(self, following: str) -> frozenset[str]:
        """Return where it goes when there is nothing to wait for."""
        if self.duration is not None and parse_duration(self.duration):
            return frozenset()
        past = {"continue": following, "skip-to": self.skip_to, "exit": None}[self.if_past]
        return frozenset({past} if past is not None else ())

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        due = self._due(setting.zone)

        def run(standing: Standing) -> Outcome:
            return self._arrive(standing, due(standing), setting)

        def moved(standing: Standing) -> Outcome | None:
            return self._moved(standing, due(standing), setting)

        anchored = isinstance(self.until, Anchor)
        return CompiledStep(
            self.id, self.kind, run, after_wait=setting.following, moved=moved if anchored else None
        )

    def _due(self, zone: tzinfo) -> Due:
        if isinstance(self.until, Anchor):
            return _anchored(self.until, zone, self.zone)
        if self.until is not None:
            fixed = parse_instant(self.until)
            return lambda _: fixed
        length = duration_of(self.duration)
        return lambda standing: _added(standing.now, length, _zone(standing, zone, self.zone))

    def _arrive(self, standing: Standing, due: Instant, setting: Setting) -> Outcome:
        if due > standing.now:
            return Waits(due, f"waiting until {_local(due, _zone(standing, setting.zone, self.zone))}")
        if self.duration is not None:
            return Goes(setting.following)
        return self._past(due, setting, _zone(standing, setting.zone, self.zone))

    def _past(self, due: Instant, setting: Setting, zone: tzinfo) -> Outcome:
        was = f"{_local(due, zone)} is already past"
        if self.if_past == "exit":
            return Ends(was)
        if self.skip_to is not None:
            return Goes(self.skip_to, f"{was}: skipped to {self.skip_to}")
        return Goes(setting.following, f"{was}: going on")

    def _moved(self, standing: Standing, due: Instant, setting: Setting) -> Outcome | None:
        if due == standing.enrolment.due:
            return None
        if self.if_moved is not None:
            return Goes(self.if_moved, f"{standing.enrolment.focus} moved")
        return self._arrive(standing, due, setting)


def _anchored(anchor: Anchor, organisation: tzinfo, whose: str) -> Due:
    offset = parse_duration(anchor.offset)
    clock = parse_clock(anchor.at) if anchor.at else None
    side = anchor.anchor.removeprefix("focus.")

    def due(standing: Standing) -> Instant:
        focus, zone = standing.focus, _zone(standing, organisation, whose)
        base = None if focus is None else focus.start if side == "start" else focus.end
        if base is None:
            raise AuthorFault(f"there is no {anchor.anchor} to wait for")
        moved = _added(base, offset, zone)
        return at_clock(moved, clock, zone) if clock else moved

    return due


def _added(base: Instant, length: Duration, zone: tzinfo) -> Instant:
    try:
        return add(base, length, zone)
    except ValueError:
        raise AuthorFault(f"{describe(length)} from {iso(base)} is outside the calendar") from None


def _zone(standing: Standing, organisation: tzinfo, whose: str) -> tzinfo:
    person = standing.record.person
    names = person.attributes.get("time-zone", ()) if person and whose == "patient" else ()
    return first_zone(names, organisation)


def _local(instant: Instant, zone: tzinfo) -> str:
    return to_datetime(instant, zone).strftime("%Y-%m-%d %H:%M %Z")

"""Sprint: what one call of the engine brought about, and the small moves it is put together from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.fhir.instants import Instant
from shared.patient.messages import call_off
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Enrolment, Message


class SendIntent(Struct, frozen=True):
    """A step wants the patient told something; it exists once for an (enrolment, sequence)."""

    enrolment_id: str
    sequence: int
    step: str
    journey: str
    """Canonical "url|version"."""
    template: str
    """Template url, or "url|version" where the author pinned one."""
    channels: tuple[str, ...]
    focus: str


class Sprint(Struct, frozen=True):
    """The record after a call, the messages it asks for, those it called off, and the lines of why."""

    record: PatientRecord
    intents: tuple[SendIntent, ...] = ()
    timeline: tuple[TimelineLine, ...] = ()
    messages: tuple[Message, ...] = ()
    """Messages in preparation that were called off: not-done now, no longer in the record."""

    def saying(self, *lines: TimelineLine) -> Sprint:
        """Add lines."""
        return replace(self, timeline=self.timeline + lines)

    def keeping(self, enrolment: Enrolment) -> Sprint:
        """Put an enrolment into the record; one that ended leaves it."""
        others = {k: e for k, e in self.record.enrolments.items() if k != enrolment.enrolment_id}
        if enrolment.status in ("active", "on-hold"):
            others = {**self.record.enrolments, enrolment.enrolment_id: enrolment}
        return replace(self, record=replace(self.record, enrolments=others))

    def calling_off(self, which: Callable[[Message], bool], reason: str, now: Instant) -> Sprint:
        """Call off messages in preparation."""
        record, ended, lines = call_off(self.record, which, reason, now)
        if not ended:
            return self
        return replace(self, record=record, messages=self.messages + ended, timeline=self.timeline + lines)


def of_enrolment(enrolment: Enrolment) -> Callable[[Message], bool]:
    """Return what picks the messages of an enrolment."""
    return lambda message: message.enrolment_id == enrolment.enrolment_id


def line(
    now: Instant, text: str, enrolment: Enrolment, kind: Literal["journey", "fault"] = "journey"
) -> TimelineLine:
    """Make a timeline line about an enrolment."""
    refs = (enrolment.journey, enrolment.enrolment_id, enrolment.focus)
    return TimelineLine(now, kind, text, tuple(filter(None, refs)))


def end(
    sprint: Sprint, enrolment: Enrolment, status: Literal["completed", "revoked"], text: str, now: Instant
) -> Sprint:
    """End an enrolment with `text` as its reason and its line."""
    over = replace(enrolment, status=status, due=None, reason=text)
    return sprint.keeping(over).saying(line(now, text, over))


def hold(sprint: Sprint, enrolment: Enrolment, reason: str, now: Instant) -> Sprint:
    """Put an enrolment on hold for staff to look at: the author's mistake, never the patient's loss."""
    held = replace(enrolment, status="on-hold", reason=reason)
    text = f"On hold at {enrolment.step}: {reason}"
    return sprint.keeping(held).saying(line(now, text, held, "fault"))

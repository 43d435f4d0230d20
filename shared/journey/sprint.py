"""Sprint: what one call of the engine brought about, and the small moves it is put together from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.effects import OutboxEffect
from shared.fhir.instants import Instant
from shared.journey.gate import GATE
from shared.journey.schedule import SCHEDULED
from shared.patient.messages import call_off
from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.roster import roster_row
from shared.patient.state import Enrolment, JourneyHistory, Message, put_on_hold

MOST_LEFT = 10
"""Enrolments remembered per journey that ended early: reports on their messages come within days."""


_BEFORE = {
    SCHEDULED: ("No longer expected", " in"),
    GATE: ("No longer waits to be let in", "to"),
}
"""What is said of those who leave before they have begun."""


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
    instead_of: str = ""
    """Id of the message that did not arrive, where this is the next channel's turn."""
    to: str = "patient"
    """Whom: see `to` of a send step."""
    values: dict[str, str] = {}
    """What its words are told beside the record: the question of a survey, for one."""
    answers: str = ""
    """Id of the reply that it answers, as the next question of a survey does: it goes at any hour."""


class Entry(Struct, frozen=True):
    """Somebody is to enter a journey."""

    cause: str
    """What for: the same never enters twice."""
    why: str
    focus: str = ""
    results: dict[str, str] = {}
    """What the enrolment knows from the start; under "@scheduled" the instant at which it is to begin."""


class Sprint(Struct, frozen=True):
    """The record after a call, what it asks for, the messages it called off, and the lines of why."""

    record: PatientRecord
    intents: tuple[SendIntent, ...] = ()
    timeline: tuple[TimelineLine, ...] = ()
    messages: tuple[Message, ...] = ()
    """Messages in preparation that were called off: not-done now, no longer in the record."""
    effects: tuple[OutboxEffect, ...] = ()
    """What is to be done outside; the roster's rows too."""
    entries: tuple[tuple[str, Entry], ...] = ()
    """Journeys (by url) to enter, asked for by steps and not yet tried."""
    begins: tuple[str, ...] = ()
    """Ids of enrolments whose instant to begin has come."""

    def saying(self, *lines: TimelineLine) -> Sprint:
        """Add lines."""
        return replace(self, timeline=self.timeline + lines)

    def doing(self, *effects: OutboxEffect) -> Sprint:
        """Add effects."""
        return replace(self, effects=self.effects + effects)

    def keeping(self, enrolment: Enrolment, ended: Instant | None = None, *, goal: bool = False) -> Sprint:
        """Put an enrolment into the record; one that ended leaves it. The roster hears of what changed."""
        held = self.record.enrolments.get(enrolment.enrolment_id)
        others = {k: e for k, e in self.record.enrolments.items() if k != enrolment.enrolment_id}
        if enrolment.status in ("active", "on-hold"):
            others = {**self.record.enrolments, enrolment.enrolment_id: enrolment}
        kept = replace(self, record=replace(self.record, enrolments=others))
        row = roster_row(enrolment, self.record.sequence, ended, goal=goal)
        same = held is not None and roster_row(held, self.record.sequence) == row
        return kept if same else kept.doing(row)

    def remembering(self, url: str, history: JourneyHistory) -> Sprint:
        """Put into the record what is remembered of a journey."""
        known = {**self.record.history, url: history}
        return replace(self, record=replace(self.record, history=known))

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
    sprint: Sprint,
    enrolment: Enrolment,
    status: Literal["completed", "revoked"],
    text: str,
    now: Instant,
    *,
    goal: bool = False,
) -> Sprint:
    """End an enrolment with `text` as its reason and its line."""
    over = replace(enrolment, status=status, due=None, reason=text)
    sprint = sprint.keeping(over, now, goal=goal).saying(line(now, text, over))
    if status == "revoked" or goal:
        sprint = _left_early(sprint, over)
    return _as_if_never_asked(sprint, over) if over.step in (SCHEDULED, GATE) else sprint


def revoke(sprint: Sprint, enrolment: Enrolment, reason: str, now: Instant) -> Sprint:
    """End an enrolment before its end, and call off what it has not sent yet."""
    word, _ = _BEFORE.get(enrolment.step, ("Revoked", ""))
    sprint = end(sprint, enrolment, "revoked", f"{word}: {reason}", now)
    return sprint.calling_off(of_enrolment(enrolment), reason, now)


def leave(sprint: Sprint, enrolment: Enrolment, title: str, why: str, now: Instant) -> Sprint:
    """Take somebody out of a journey by its own exit rules, and call off what it has not sent yet."""
    verb, into = _BEFORE.get(enrolment.step, ("Left", ""))
    sprint = end(sprint, enrolment, "revoked", f"{verb}{into} {title}: {why}", now)
    return sprint.calling_off(of_enrolment(enrolment), why, now)


def _left_early(sprint: Sprint, enrolment: Enrolment) -> Sprint:
    url = enrolment.journey_url
    history = sprint.record.history.get(url)
    if history is None:
        return sprint
    left = (*history.left, enrolment.enrolment_id)[-MOST_LEFT:]
    return sprint.remembering(url, replace(history, left=left))


def _as_if_never_asked(sprint: Sprint, enrolment: Enrolment) -> Sprint:
    """Let whatever it was bring the patient in again: what was only to begin has not been."""
    url = enrolment.journey_url
    history = sprint.record.history.get(url)
    if history is None:
        return sprint
    left = tuple(focus for focus in history.focuses if focus != enrolment.focus)
    return sprint.remembering(url, replace(history, focuses=left, forgotten=history.forgotten + 1))


def hold(
    sprint: Sprint,
    enrolment: Enrolment,
    reason: str,
    now: Instant,
    held: Literal["fault", "paused", "staff"] = "fault",
) -> Sprint:
    """Put an enrolment on hold: for a mistake of its author, never the patient's loss, or a pause."""
    kept = put_on_hold(enrolment, reason, held)
    text = f"On hold {standing_at(kept)}: {reason}"
    return sprint.keeping(kept).saying(line(now, text, kept, "fault" if held == "fault" else "journey"))


def standing_at(enrolment: Enrolment) -> str:
    """Say where somebody stands, as staff read it."""
    return "before its beginning" if enrolment.step in (SCHEDULED, GATE) else f"at {enrolment.step}"

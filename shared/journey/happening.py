"""Happening: what an author may wait for, leave for or reach as a goal; each becomes a test with its reason.

Two sorts. Levels hold or do not hold now (a segment, what became of a message), so it does not matter when
they began. Edges happen (an answer, a change, an event), and count only when they come while one looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.events import CustomEventReceived
from shared.journey.answers import Answer
from shared.journey.change import said
from shared.journey.happened import Happened, Reply
from shared.journey.steps.base import DefinitionUrl, Standing, StepId
from shared.journey.trigger import FhirChange
from shared.patient.apply import FactChanged
from shared.patient.engagement import ENGAGEMENT, SYSTEM, intent_of

type Test = Callable[[Standing, Happened], str]
"""Says why it is so, or "" where it is not."""

_IMPLIED = {
    "sent": ("sent", "delivered", "opened", "clicked"),
    "delivered": ("delivered", "opened", "clicked"),
    "opened": ("opened", "clicked"),
}
"""What must have happened too: a message that was opened was delivered."""
_LOST = ("failed", "not-sent")
_BECAME = {"failed": "did not arrive", "not-sent": "was not sent"}


class MessageWas(Authored):
    """Something became of the message of a step that was taken before."""

    step: StepId
    """A send step of this journey; of several messages, the latest."""
    # "is" is what an author writes; the attribute needs another name in Python
    was: tuple[Literal["sent", "delivered", "opened", "clicked", "failed", "not-sent"], ...] = Field(
        alias="is", min_length=1
    )
    """One of these. A message that was opened was delivered, too."""

    def holds(self, standing: Standing) -> str:
        """Return why it holds, or ""."""
        sequence = standing.enrolment.results.get(self.step, "")
        if not sequence.startswith("#"):  # none yet, or that step was another kind in the version before
            return ""
        number = int(sequence.removeprefix("#"))
        intent = intent_of(standing.enrolment.enrolment_id, number)
        for wanted in self.was:
            if wanted in _LOST and _still_moving(standing, number):
                continue
            for what in _IMPLIED.get(wanted, (wanted,)):
                if _told(standing, what, intent):
                    return f"the message of {self.step} {_BECAME.get(what, f'was {what}')}"
        return ""


class Happening(Authored):
    """Something that happens, or that holds; exactly one of these."""

    in_segment: DefinitionUrl | None = None
    """The patient is a member."""
    not_in_segment: DefinitionUrl | None = None
    """The patient is no member."""
    focus_status: tuple[str, ...] = ()
    """The status of the resource that the enrolment hangs on is one of these."""
    message: MessageWas | None = None
    """Something became of a message."""
    answer: Answer | None = None
    """The patient answered."""
    fhir_change: FhirChange | None = None
    """A resource of the patient changed."""
    event: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")
    """Another system, or a person, said so by the API."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1 or not getattr(self, next(iter(self.model_fields_set))):
            raise ValueError(f"needs exactly one of {', '.join(sorted(type(self).model_fields))}")
        return self

    @property
    def kind(self) -> str:
        """Return which of them it is."""
        return next(iter(self.model_fields_set))

    def noun(self) -> str:
        """Name it for staff, as what somebody waits for."""
        return _NOUNS[self.kind](self)

    def happens(self, standing: Standing, happened: Happened) -> str:
        """Return why it is so, or ""."""
        return _TESTS[self.kind](self, standing, happened)


def any_of(happenings: tuple[Happening, ...]) -> Test | None:
    """Return the test that the first of these which is so makes true; None where there are none."""
    if not happenings:
        return None

    def test(standing: Standing, happened: Happened) -> str:
        return next(filter(None, (each.happens(standing, happened) for each in happenings)), "")

    return test


def short(url: str | None) -> str:
    """Return the last part of a definition's url, as staff know it."""
    return (url or "").rpartition("/")[2]


def lost(standing: Standing, sequence: int) -> bool:
    """Say whether the message of a step, by its sequence, is known not to have arrived by any channel."""
    intent = intent_of(standing.enrolment.enrolment_id, sequence)
    return any(_told(standing, what, intent) for what in _LOST) and not _still_moving(standing, sequence)


def _still_moving(standing: Standing, sequence: int) -> bool:
    """Say whether a message of that step is still on its way, as when another channel has been tried."""
    mine = (standing.enrolment.enrolment_id, sequence)
    return any(
        (m.enrolment_id, m.sequence) == mine and m.delivery != "failed"
        for m in standing.record.messages.values()
    )


def _told(standing: Standing, what: str, intent: str) -> bool:
    facts = standing.record.facts.coded(ENGAGEMENT, f"{SYSTEM}|{what}")
    return any(intent in fact.attributes.get("intent", ()) for fact in facts)


def _in_segment(this: Happening, standing: Standing, _: Happened) -> str:
    return f"in segment {short(this.in_segment)}" if standing.record.is_member(this.in_segment or "") else ""


def _not_in_segment(this: Happening, standing: Standing, _: Happened) -> str:
    return (
        ""
        if standing.record.is_member(this.not_in_segment or "")
        else f"not in segment {short(this.not_in_segment)}"
    )


def _focus_status(this: Happening, standing: Standing, _: Happened) -> str:
    status = standing.focus.status if standing.focus else ""
    return f"{standing.enrolment.focus} is {status}" if status and status in this.focus_status else ""


def _message(this: Happening, standing: Standing, _: Happened) -> str:
    return this.message.holds(standing) if this.message else ""


def _answer(this: Happening, standing: Standing, happened: Happened) -> str:
    if not isinstance(happened, Reply) or happened.enrolment_id != standing.enrolment.enrolment_id:
        return ""
    return this.answer.fits(happened.text, happened.meaning) if this.answer else ""


def _fhir_change(this: Happening, standing: Standing, happened: Happened) -> str:
    if not isinstance(happened, FactChanged) or not this.fhir_change:
        return ""
    return said(happened) if this.fhir_change.fits(happened, standing.now) else ""


def _event(this: Happening, _: Standing, happened: Happened) -> str:
    heard = isinstance(happened, CustomEventReceived) and happened.name == this.event
    return f"event {this.event}" if heard else ""


_TESTS: dict[str, Callable[[Happening, Standing, Happened], str]] = {
    "in_segment": _in_segment,
    "not_in_segment": _not_in_segment,
    "focus_status": _focus_status,
    "message": _message,
    "answer": _answer,
    "fhir_change": _fhir_change,
    "event": _event,
}

_NOUNS: dict[str, Callable[[Happening], str]] = {
    "in_segment": lambda this: f"membership in segment {short(this.in_segment)}",
    "not_in_segment": lambda this: f"the end of membership in segment {short(this.not_in_segment)}",
    "focus_status": lambda this: f"the status {' or '.join(this.focus_status)}",
    "message": lambda this: f"word of the message of {this.message.step if this.message else ''}",
    "answer": lambda _: "an answer",
    "fhir_change": lambda this: f"a change of {this.fhir_change.type if this.fhir_change else ''}",
    "event": lambda this: f"event {this.event}",
}

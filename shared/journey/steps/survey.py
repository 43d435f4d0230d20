"""The step that asks a FHIR Questionnaire: question by question by text, or by a link to a page.

Example: {id: rating, kind: survey, questionnaire: "https://…/questionnaires/nps", by: text,
template: "https://…/templates/survey-question", channels: [sms], timeout: P3D, next: thank, timed_out: done}
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.errors import AuthorFault
from shared.fhir.calendar import describe, parse_duration
from shared.journey.due import Whose, zone_of
from shared.journey.happening import short
from shared.journey.steps.base import (
    BoundedDuration,
    CanonicalUrl,
    CompiledStep,
    Outcome,
    Setting,
    Standing,
    StepId,
    StepModel,
)
from shared.journey.steps.send import ChannelName
from shared.journey.survey.dialogue import Dialogue, Ways
from shared.patient.messages import by

_REPLIED = frozenset({"sms", "whatsapp"})
"""Channels by which people answer."""


class SurveyStep(StepModel):
    """Ask the questions of a Questionnaire, and wait for the answers."""

    kind: Literal["survey"]
    questionnaire: CanonicalUrl
    """Url of the Questionnaire, the latest version, or "url|version" to pin one."""
    by: Literal["text", "link"] = "text"
    """One message for each question, answered by a reply; or one message with a link to a page."""
    template: CanonicalUrl
    """What the messages say: `question.text` and `question.choices`, or `links.survey`."""
    channels: tuple[ChannelName, ...] = Field(min_length=1)
    """In order of preference."""
    to: Literal["patient", "carer"] = "patient"
    """Whom: see `to` of a send step."""
    timeout: BoundedDuration
    """How long at most, for all questions together."""
    remind: BoundedDuration | None = None
    """How long after a question without an answer it is sent once more; once in all."""
    zone: Whose = "organisation"
    """Whose days and clock count."""
    next: StepId
    """Where to go when all is answered."""
    timed_out: StepId
    """Where to go when the time is up, or an answer was not understood twice."""
    declined: StepId | None = None
    """Where to go for who would rather not be asked; `timed_out` where none is named."""
    unreached: StepId | None = None
    """Where to go at once when a question cannot be sent, or did not arrive."""
    links: ClassVar[tuple[str, ...]] = ("next", "timed_out", "declined", "unreached")
    falls_through: ClassVar[bool] = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if parse_duration(self.timeout).sign <= 0:
            raise ValueError("a timeout is longer than nothing")
        if self.remind is not None and parse_duration(self.remind).sign <= 0:
            raise ValueError("remind is some time after a question, not before")
        if self.by == "text" and not set(self.channels) <= _REPLIED:
            raise ValueError("by text people answer by sms or whatsapp: ask by link on other channels")
        if self.by == "link" and self.declined is not None:
            raise ValueError("a page is declined by leaving it alone: declined is for surveys by text")
        return self

    def onward(self, following: str) -> frozenset[str]:
        """Return that it always waits: a questionnaire asks something before it has any answer."""
        return frozenset()

    def summary(self) -> str:
        """Say what it does."""
        word = f"by {', else '.join(map(by, self.channels))}"
        how = f"question by question {word}" if self.by == "text" else f"on a page, with a link {word}"
        name = short(self.questionnaire.partition("|")[0])
        return f"Ask {name} {how}, at most {describe(parse_duration(self.timeout))}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        questionnaire = setting.questionnaires.get(self.questionnaire)
        if questionnaire is None:  # not published: found when definitions are checked together

            def run(_: Standing) -> Outcome:
                raise AuthorFault(f"there is no questionnaire {self.questionnaire}")

            return CompiledStep(self.id, self.kind, run)
        dialogue = Dialogue(
            self.id,
            questionnaire,
            self.by == "text",
            Ways(setting.following, self.timed_out, self.declined or "", self.unreached or ""),
            parse_duration(self.timeout),
            parse_duration(self.remind) if self.remind else None,
            zone_of(setting.zone, self.zone),
        )
        return CompiledStep(
            self.id,
            self.kind,
            dialogue.begin,
            woken=dialogue.wake,
            heard=dialogue.hear,
            asks=self.by == "text",
            template=self.template,
            channels=self.channels,
            to=self.to,
            stays=dialogue.stay,
            questionnaire=questionnaire,
        )

"""The step that tells the patient something: leaves an intent, which shared.message plans and sends.

Example: {id: confirm, kind: send, template: "https://…/templates/appointment-booked", channels: [sms, email]}
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.journey.happening import short
from shared.journey.steps.base import (
    CanonicalUrl,
    CompiledStep,
    Goes,
    Outcome,
    Setting,
    Standing,
    StepId,
    StepModel,
)
from shared.patient.messages import by

type ChannelName = Literal["sms", "email", "whatsapp", "letter", "push"]


class SendStep(StepModel):
    """Send a message and go on at once, whatever becomes of it."""

    kind: Literal["send"]
    template: CanonicalUrl
    """Url of the template, the latest version, or "url|version" to pin one."""
    channels: tuple[ChannelName, ...] = Field(min_length=1)
    """In order of preference: the first by which the patient can and may be reached is used."""
    to: Literal["patient", "carer"] = "patient"
    """The patient, or for a minor a guardian; or whoever cares for the patient and has agreed to be told."""
    fallback: bool = False
    """Try the next channel when it becomes known that the message did not arrive by the one before."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    def summary(self) -> str:
        """Say what it does."""
        word = ", or if it does not arrive " if self.fallback else ", else "
        whom = "" if self.to == "patient" else " to a carer"
        return f"Send {short(self.template.partition('|')[0])}{whom} by {word.join(map(by, self.channels))}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""

        def run(standing: Standing) -> Outcome:
            return Goes(setting.following, sends=True, result=f"#{standing.enrolment.sequence}")

        return CompiledStep(
            self.id,
            self.kind,
            run,
            template=self.template,
            channels=self.channels,
            fallback=self.fallback,
            to=self.to,
        )

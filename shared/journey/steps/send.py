"""The step that tells the patient something: leaves an intent, which shared.message plans and sends.

Example: {id: confirm, kind: send, template: "https://…/templates/appointment-booked", channels: [sms, email]}
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.journey.steps.base import CanonicalUrl, CompiledStep, Goes, Setting, StepId, StepModel

type ChannelName = Literal["sms", "email", "whatsapp"]


class SendStep(StepModel):
    """Send a message and go on at once, whatever becomes of it."""

    kind: Literal["send"]
    template: CanonicalUrl
    """Url of the template, the latest version, or "url|version" to pin one."""
    channels: tuple[ChannelName, ...] = Field(min_length=1)
    """In order of preference: the first by which the patient can and may be reached is used."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        done = Goes(setting.following, sends=True)
        return CompiledStep(
            self.id, self.kind, lambda _: done, template=self.template, channels=self.channels
        )

"""The step that tells another system: a signed call of a webhook, as Standard Webhooks has it.

Example: {id: tell, kind: webhook, to: scheduling, event: outreach.declined, data: {reply: "{reply}"}}
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.journey.resources.posts import call
from shared.journey.resources.quoting import filled, quoted
from shared.journey.steps.base import CompiledStep, Goes, Outcome, Setting, Standing, StepId, StepModel
from shared.journey.steps.notify import WebhookName

DataName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
DataText = Annotated[str, Field(max_length=500)]


class WebhookStep(StepModel):
    """Call a webhook, and go on at once."""

    kind: Literal["webhook"]
    to: WebhookName
    """A webhook of kind signed."""
    event: str = Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", max_length=100)
    """What happened, for the receiver: `type` of the call."""
    data: dict[DataName, DataText] = Field(default={}, max_length=20)
    """What else the receiver is to know; {focus} and {step-id} are filled in."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    @property
    def quoted(self) -> frozenset[str]:
        """Return what its texts quote."""
        return quoted(*self.data.values())

    def summary(self) -> str:
        """Say what it does."""
        return f"Call {self.to}: {self.event}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""

        def run(standing: Standing) -> Outcome:
            more = {name: filled(text, standing) for name, text in self.data.items()}
            effect = call(standing, self.to, self.event, more)
            return Goes(setting.following, f"calling {self.to}: {self.event}", effects=(effect,))

        return CompiledStep(self.id, self.kind, run, calls=self.to)

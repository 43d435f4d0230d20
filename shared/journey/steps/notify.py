"""The step that tells a team: an adaptive card in Microsoft Teams, with a link and nothing of the patient.

Example: {id: tell, kind: notify, to: care-team, title: A worrying answer, text: Please look at it today.}
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.journey.resources.posts import notice
from shared.journey.resources.quoting import quoted
from shared.journey.steps.base import CompiledStep, Goes, Outcome, Setting, Standing, StepId, StepModel

WebhookName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Name of a webhook in the settings: definitions hold no addresses and no secrets."""


class NotifyStep(StepModel):
    """Tell a team, and go on at once."""

    kind: Literal["notify"]
    to: WebhookName
    """A webhook of kind teams."""
    title: str = Field(min_length=1, max_length=200)
    text: str = Field(default="", max_length=2000)
    """The same words for every patient: who it is about shows behind the link only."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if quoted(self.title, self.text):
            raise ValueError("nothing of a patient goes into a notice: no {…} in title and text")
        return self

    def summary(self) -> str:
        """Say what it does."""
        return f"Notify {self.to}: {self.title}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""

        def run(standing: Standing) -> Outcome:
            effect = notice(standing, self.to, self.title, self.text)
            return Goes(setting.following, f"telling {self.to}: {self.title}", effects=(effect,))

        return CompiledStep(self.id, self.kind, run, calls=self.to)

"""The step that takes the patient out of another journey, whichever version they are in.

Example: {id: no-more-invitations, kind: end, journey: "https://…/journeys/mammogram-campaign"}
"""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.journey.happening import short
from shared.journey.steps.base import (
    CompiledStep,
    DefinitionUrl,
    Goes,
    Outcome,
    Setting,
    Standing,
    StepId,
    StepModel,
)


class EndStep(StepModel):
    """End another journey of the patient, and go on in this one."""

    kind: Literal["end"]
    journey: DefinitionUrl
    reason: str = ""
    """Why, for staff."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    def summary(self) -> str:
        """Say what it does."""
        return f"End {short(self.journey)}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        why = f"ending {short(self.journey)}" + (f": {self.reason}" if self.reason else "")

        def run(_: Standing) -> Outcome:
            return Goes(setting.following, why, ends=self.journey)

        return CompiledStep(self.id, self.kind, run)

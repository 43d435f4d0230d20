"""The step that puts the patient into another journey, too; its own re-entry rules and audience hold.

Example: {id: hand-over, kind: start, journey: "https://…/journeys/diabetes-outreach"}
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


class StartStep(StepModel):
    """Enter another journey, and go on in this one."""

    kind: Literal["start"]
    journey: DefinitionUrl
    """Its latest version is entered, with the same focus."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next",)

    def summary(self) -> str:
        """Say what it does."""
        return f"Start {short(self.journey)}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""

        def run(_: Standing) -> Outcome:
            return Goes(setting.following, f"starting {short(self.journey)}", starts=self.journey)

        return CompiledStep(self.id, self.kind, run)

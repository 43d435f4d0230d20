"""The step that ends the journey, with a reason that staff read.

Example: {id: done, kind: exit, reason: "care gap closed"}
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.journey.steps.base import CompiledStep, Ends, Setting, StepModel


class ExitStep(StepModel):
    """Complete the enrolment."""

    kind: Literal["exit"]
    reason: str = Field(default="finished", min_length=1)
    falls_through: ClassVar[bool] = False

    def summary(self) -> str:
        """Say what it does."""
        return f"Leave: {self.reason}"

    def onward(self, following: str) -> frozenset[str]:
        """Go nowhere."""
        return frozenset()

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        ends = Ends(self.reason)
        return CompiledStep(self.id, self.kind, lambda _: ends)

"""OnPublish: what becomes of those who are inside an older version when a new one is published."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.journey.steps.base import StepId


class OnPublish(Authored):
    """What the author of a new version wants for those inside an older one."""

    those_inside: Literal["finish", "move", "leave"] = "finish"
    """Finish on the version that they entered, move to the same step of this one, or leave."""
    steps: dict[str, StepId] = Field(default={})
    """For `move`: where those go who stand at a step that has another name now, old to new."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.steps and self.those_inside != "move":
            raise ValueError("steps are for those_inside: move")
        return self

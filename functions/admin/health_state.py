"""How the deployment is: what is well and what is not, each by name."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.routes import Routes
from functions.admin.shapes import example
from shared.usecases.health import look_at_all

routes = Routes("running")


class CheckState(BaseModel):
    """One thing that was looked at."""

    model_config = example(name="reconciliation", well=True, told="the last ended 3 minutes ago")

    name: str = Field(examples=["reconciliation"])
    well: bool
    told: str = Field("", description="What is worth knowing", examples=["the last ended 3 minutes ago"])


class QueueHealth(BaseModel):
    """How one queue stands; null is what its transport does not tell."""

    model_config = example(queue="changes", waiting=12, oldest_seconds=0.8, given_up=0)

    queue: str = Field(examples=["changes"])
    waiting: int | None = None
    oldest_seconds: float | None = Field(
        None, description="How long the oldest waits that could be handed out"
    )
    given_up: int = Field(description="At least so many; listPoisonOf shows them")


class Health(BaseModel):
    """What is well and what not."""

    model_config = example(
        status="well",
        checks=[{"name": "reconciliation", "well": True, "told": "the last ended 3 minutes ago"}],
        queues=[{"queue": "changes", "waiting": 12, "oldest_seconds": 0.8, "given_up": 0}],
    )

    status: Literal["well", "not-well"]
    checks: list[CheckState]
    queues: list[QueueHealth] = Field(description="Empty where they could not be asked in time")


@routes("getHealth")
async def get_health(call: TheCall) -> Health:
    """Say what is well and what not; 200 either way, within some seconds."""
    found = await look_at_all(call.services)
    return Health(
        status="well" if all(each.well for each in found.checks) else "not-well",
        checks=[CheckState(name=each.name, well=each.well, told=each.told) for each in found.checks],
        queues=[
            QueueHealth(
                queue=state.queue,
                waiting=state.waiting,
                oldest_seconds=state.oldest,
                given_up=state.poison,
            )
            for state in found.queues
        ],
    )

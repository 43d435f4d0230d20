"""Long work on a journey: play it for the whole population, or move those inside one version to another."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Response
from pydantic import ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.journeys import journey_of
from functions.admin.long_work import OperationState, accepted
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, Version, Why
from shared.usecases.journeys.migrate import Order, check_order

routes = Routes("journeys")

type StepName = Annotated[str, Field(min_length=1, max_length=100)]


class Migration(Why):
    """From which version to which, and where those go whose step has another name there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_version": "1.0.0",
                    "to_version": "1.1.0",
                    "steps": {"old-reminder": "remind"},
                    "reason": "the first text named the wrong clinic",
                    "dry_run": True,
                }
            ]
        }
    )

    from_version: Version
    to_version: Version
    steps: dict[StepName, StepName] = Field(
        {}, max_length=1000, description="Of steps with another name there, old to new; others keep theirs"
    )
    dry_run: bool = Field(False, description="Count what would happen, and write nothing")


@routes("migrateJourney", status=202)
async def migrate_journey(
    call: TheCall, response: Response, journey: DefinitionId, migration: Migration
) -> OperationState:
    """Let those who are in one version go on in another, at the same step; whoever cannot stays."""
    catalogue = await call.services.definitions.current()
    order = Order(
        journey=journey_of(catalogue, journey).url,
        from_version=migration.from_version,
        to_version=migration.to_version,
        steps=dict(migration.steps),
        reason=migration.reason,
        dry_run=migration.dry_run,
    )
    check_order(catalogue, order)
    await call.begins("", order.of, order.to, why=order.reason, before=order.of)
    state = await accepted(call, response, "migrate-journey", msgspec.to_builtins(order))
    call.changed(order.of if order.dry_run else order.to)
    return state

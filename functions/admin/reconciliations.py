"""Reconciliations: have the FHIR server searched now, not by the timer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field

from functions.admin.call import TheCall
from functions.admin.long_work import OperationState, accepted
from functions.admin.problems import Refusal
from functions.admin.routes import Routes
from functions.admin.shapes import Body, example, instant_of
from shared.fhir.project import KEPT_TYPES
from shared.usecases.operations.reconciling import KIND

routes = Routes("sources")

type ResourceType = Annotated[str, Field(pattern="^[A-Z][A-Za-z]{2,40}$")]


class Reconciliation(Body):
    """What is to be searched."""

    model_config = example(since="2026-03-01T00:00:00Z", types=["Appointment"])

    since: str | None = Field(
        None,
        max_length=40,
        description="Search from here, by the FHIR server's clock; without it, from where the last one ended",
        examples=["2026-03-01T00:00:00Z"],
    )
    types: list[ResourceType] = Field(
        [], max_length=40, description="Only these types of resources; none: all that are kept", examples=[[]]
    )


@routes("reconcile", status=202)
async def reconcile(call: TheCall, body: Reconciliation, response: Response) -> OperationState:
    """Queue every change that no record shows; the result says how many of each type. Twice does no harm."""
    if unknown := sorted(set(body.types) - KEPT_TYPES):
        kept = ", ".join(sorted(KEPT_TYPES))
        raise Refusal(422, "unkept-type", f"{len(unknown)} of body.types are not kept here; kept are {kept}")
    since = None if body.since is None else instant_of(body.since, "body.since")
    await call.begins("", "reconciliation", *sorted(body.types))
    return await accepted(call, response, KIND, {"since": since, "types": sorted(body.types)})

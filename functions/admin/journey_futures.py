"""One patient's future in a journey, with the reasons: for who may see clinical facts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.journeys import AVersion, version_of
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, Moment, PatientKey, moment
from shared.usecases.enrolments import held
from shared.usecases.journeys.explained import future_of
from shared.usecases.journeys.simulate import Simulated
from shared.usecases.simulation.stage import EVERYBODY

routes = Routes("journeys")

MOST = 500
"""Moments that are told."""

_MOMENT: dict[str, Any] = {
    "at": "2026-03-02T09:00:00Z",
    "kind": "journey",
    "text": "Entered Visit: aged 45 years",
}


class FutureMoment(BaseModel):
    """Something that would happen, and when."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MOMENT]})

    at: Moment
    kind: str = Field(description="As in the timeline, or: supposed (nobody knows), sends (words), asks")
    text: str


class JourneyFuture(BaseModel):
    """What would happen from now on, were it as it is known now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "moments": [_MOMENT],
                    "more": False,
                    "standing": ["https://hearthline.example/journeys/visit|1 at reply"],
                }
            ]
        }
    )

    moments: list[FutureMoment]
    more: bool = Field(description="There is more than is told")
    standing: list[str] = Field(description="Where they stand in the end")


@routes("explainJourney")
async def explain_journey(
    call: TheCall,
    journey: DefinitionId,
    patient: PatientKey,
    version: AVersion = "",
    days: Annotated[int, Query(ge=1, le=366)] = 90,
    enrol: Annotated[bool, Query(description="Put them in now, whatever the trigger says")] = False,
) -> JourneyFuture:
    """Play their record on a virtual clock; nothing is written, nobody is told anything."""
    told = "what would happen tells clinical facts: say in the header Break-Glass why you must see it"
    await call.need_clinical(patient, told=told)
    found = version_of(await call.services.definitions.current(), journey, version)
    record = await held(call.services, patient)
    await call.reads(patient, found.canonical)
    start = call.services.clock.now()
    asked = Simulated(start, days, found.canonical, enrol=EVERYBODY if enrol else "")
    future = await future_of(call.services, record, asked)
    return JourneyFuture(
        moments=[FutureMoment(at=moment(m.at), kind=m.kind, text=m.text) for m in future.moments[:MOST]],
        more=len(future.moments) > MOST,
        standing=list(future.standing),
    )

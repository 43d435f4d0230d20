"""Who is and was in a journey, by opaque key; that they were shown is in the audit trail."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import TheCall
from functions.admin.journeys import AVersion, journey_of
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, Moment, moment, moment_or_none
from shared.fhir.canonical import split_canonical
from shared.ports import RosterRow
from shared.usecases.journeys.roster import Wanted, page_of_roster

routes = Routes("journeys")

type EnrolmentStatus = Literal["active", "on-hold", "completed", "revoked"]


class EnrolmentRow(BaseModel):
    """One passage of a patient through the journey."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                    "enrolment": "2f1d4a3e-6f67-5a0b-9b1a-3f6b1f0f8f00",
                    "version": "1.0.0",
                    "status": "on-hold",
                    "held_at": "invite",
                    "entered": "2026-03-02T09:00:00Z",
                    "ended": None,
                    "goal": False,
                    "run": "",
                }
            ]
        }
    )

    patient: str = Field(description="Opaque key")
    enrolment: str = Field(description="Its id")
    version: str
    status: EnrolmentStatus
    held_at: str = Field(description="Id of the step at which it is on hold; empty for others")
    entered: Moment
    ended: Moment | None = None
    goal: bool = Field(description="It ended because the journey's goal was reached")
    run: str = Field(description="The campaign's run that brought it about, or empty")


@routes("listJourneyEnrolments")
async def list_journey_enrolments(
    call: TheCall,
    journey: DefinitionId,
    limit: Limit = 50,
    cursor: Cursor = "",
    status: Annotated[EnrolmentStatus | None, Query(description="Only those that stand so")] = None,
    version: AVersion = "",
    run: Annotated[
        str | None, Query(max_length=36, description="Those whom this run brought; empty: whom none did")
    ] = None,
    inside: Annotated[bool, Query(description="Leave out what has ended")] = False,
) -> Page[EnrolmentRow]:
    """List them by opaque key; a page may be short where what is filtered out lies between."""
    found = journey_of(await call.services.definitions.current(), journey)
    filters = (journey, status, version, run, inside)
    wanted = Wanted(found.url, run, inside, status, version)
    rows, place = await page_of_roster(call.services, wanted, place_of(cursor, *filters), limit)
    await call.reads_each((row.key for row in rows), found.url)
    return Page(items=[_told(row) for row in rows], next=cursor_of(place, *filters) if place else "")


def _told(row: RosterRow) -> EnrolmentRow:
    enrolment = row.enrolment
    return EnrolmentRow(
        patient=row.key,
        enrolment=enrolment.enrolment_id,
        version=split_canonical(enrolment.journey)[1] or "",
        status=enrolment.status,
        held_at=enrolment.step,
        entered=moment(enrolment.entered),
        ended=moment_or_none(enrolment.ended),
        goal=enrolment.goal,
        run=row.run,
    )

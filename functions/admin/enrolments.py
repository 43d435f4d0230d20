"""One patient's enrolments: which journeys they are in and were in, and how they are brought into one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.journeys import journey_of
from functions.admin.problems import Refusal
from functions.admin.routes import PREFIX, Routes
from functions.admin.shapes import (
    Moment,
    PatientKey,
    Why,
    definition_id,
    instant_of,
    moment,
    moment_or_none,
)
from shared.events import EnrolAsked
from shared.fhir.canonical import split_canonical
from shared.patient.state import Enrolment
from shared.usecases.enrolments import enrolment_of, enter, held

routes = Routes("enrolments")

type EnrolmentId = Annotated[
    str, Path(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="Id of an enrolment")
]

_JOURNEY = "6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11"
_ENROLMENT: dict[str, Any] = {
    "enrolment": "2f1d4a3e-6f67-5a0b-9b1a-3f6b1f0f8f00",
    "journey": _JOURNEY,
    "url": "https://hearthline.example/journeys/diabetes-outreach",
    "version": "1.0.0",
    "status": "active",
    "step": "reply",
    "held": "",
    "due": "2026-03-09T09:00:00Z",
    "entered": "2026-03-02T09:00:00Z",
    "run": "",
    "focus": "",
    "reason": "",
}
_PAST: dict[str, Any] = {
    "journey": _JOURNEY,
    "url": "https://hearthline.example/journeys/welcome",
    "entries": 1,
    "last_entered": "2025-11-02T09:00:00Z",
}


class EnrolmentState(BaseModel):
    """How one passage through a journey stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENROLMENT]})

    enrolment: str
    journey: str = Field(description="Id of the journey")
    url: str
    version: str
    status: Literal["active", "on-hold", "completed", "revoked"]
    step: str = Field(description='Where it stands; "@scheduled" and "@gate" are before the beginning')
    held: Literal["", "fault", "paused", "staff"] = Field(description="What put it on hold")
    due: Moment | None = Field(None, description="When the step is over by itself")
    entered: Moment
    run: str = Field(description="The campaign's run that brought it about, or empty")
    focus: str = Field(description="What it hangs on, such as Appointment/1; empty without clinical facts")
    reason: str = Field(description="Why it entered or is on hold; empty without clinical facts")


class PastJourney(BaseModel):
    """A journey that the patient is or was in."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PAST]})

    journey: str = Field(description="Id of the journey")
    url: str
    entries: int = Field(description="How often they entered it")
    last_entered: Moment


class PatientEnrolments(BaseModel):
    """The journeys of one patient; a record holds few, so that all are told at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_ENROLMENT], "history": [_PAST]}]})

    items: list[EnrolmentState] = Field(description="What goes on, the earliest first")
    history: list[PastJourney] = Field(description="All that was ever entered, by url")


class Entering(Why):
    """Which journey to enter, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"journey": _JOURNEY, "reason": "asked for it at the desk"}]}
    )

    journey: str = Field(pattern="^[0-9a-f]{32}$", description="Id of the journey; its latest version")
    focus: Annotated[
        str,
        Field(
            pattern="^$|^[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}$",
            max_length=130,
            description="The resource it is about, such as Appointment/1",
        ),
    ] = ""
    not_before: Annotated[str, Field(max_length=40, description="Enter, and wait until then")] = ""


class Entered(BaseModel):
    """What came of it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"enrolment": _ENROLMENT["enrolment"], "status": "active"}]}
    )

    enrolment: str = Field(description="Its id; empty where it was over at once")
    status: Literal["active", "on-hold", "over"]
    step: str = ""
    due: Moment | None = None


@routes("listPatientEnrolments")
async def list_patient_enrolments(call: TheCall, patient: PatientKey) -> PatientEnrolments:
    """List what goes on, and what was entered before; reasons are clinical facts."""
    record = await held(call.services, patient)
    await call.reads(patient)
    ordered = sorted(record.enrolments.values(), key=lambda each: (each.entered, each.enrolment_id))
    return PatientEnrolments(
        items=[enrolment_state(call, each) for each in ordered],
        history=[
            PastJourney(
                journey=definition_id("journey", url),
                url=url,
                entries=each.entries,
                last_entered=moment(each.last_entered),
            )
            for url, each in sorted(record.history.items())
        ],
    )


@routes("getEnrolment")
async def get_enrolment(call: TheCall, patient: PatientKey, enrolment: EnrolmentId) -> EnrolmentState:
    """Say how one stands that goes on; what is over is in the journey's roster."""
    found = enrolment_of(await held(call.services, patient), enrolment)
    await call.reads(patient, enrolment)
    return enrolment_state(call, found)


@routes("enrolPatient", status=201)
async def enrol_patient(
    call: TheCall, response: Response, patient: PatientKey, entering: Entering
) -> Entered:
    """Enter a journey in its latest version, as its audience and its re-entry rule allow."""
    services, caller = call.services, call.caller.subject
    journey = journey_of(await services.definitions.current(), entering.journey)
    not_before = instant_of(entering.not_before, "body.not_before") if entering.not_before else None
    await held(services, patient)
    await call.begins(patient, journey.url, why=entering.reason)
    why = f"asked for by {caller}: {entering.reason}"
    asked = EnrolAsked(journey.url, f"staff|{call.intent}", why, entering.focus, not_before)
    came = await enter(services, patient, asked)
    if not came.entered:
        told = "not entered: its audience, its re-entry rule or a stop says no; the timeline says which"
        raise Refusal(422, "not-entered", told)
    call.changed(builtins(came.enrolment))
    if came.enrolment is None:
        response.headers["Location"] = f"{PREFIX}/patients/{patient}/enrolments"
        return Entered(enrolment="", status="over")
    found = came.enrolment
    response.headers["Location"] = f"{PREFIX}/patients/{patient}/enrolments/{found.enrolment_id}"
    status: Literal["active", "on-hold"] = "on-hold" if found.status == "on-hold" else "active"
    return Entered(
        enrolment=found.enrolment_id, status=status, step=found.step, due=moment_or_none(found.due)
    )


def builtins(enrolment: Enrolment | None) -> object:
    """Return an enrolment as JSON can say it, to be digested; what is over is "over"."""
    return "over" if enrolment is None else msgspec.to_builtins(enrolment)


def enrolment_state(call: Call, enrolment: Enrolment) -> EnrolmentState:
    """Return an enrolment as the API tells of it to this caller."""
    url, version = split_canonical(enrolment.journey)
    return EnrolmentState(
        enrolment=enrolment.enrolment_id,
        journey=definition_id("journey", url),
        url=url,
        version=version,
        status=enrolment.status,
        step=enrolment.step,
        held=enrolment.held,
        due=moment_or_none(enrolment.due),
        entered=moment(enrolment.entered),
        run=enrolment.results.get("@campaign", ""),
        focus=enrolment.focus if call.clinical else "",
        reason=enrolment.reason if call.clinical else "",
    )

"""What the law gives people a right to: all that is held of them, and to be forgotten."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.long_work import OperationState, accepted
from functions.admin.patient_shapes import example_of, shown_as
from functions.admin.routes import Routes
from functions.admin.shapes import Body, PatientKey, Reason, Why
from shared.message.contact import normalise
from shared.message.outbound import ChannelName
from shared.patient.record import patient_key
from shared.usecases.known import stored_of
from shared.usecases.patients.erasing import check_can_erase
from shared.usecases.patients.known import known
from shared.usecases.privacy.export import export
from shared.usecases.privacy.marks import Marks
from shared.usecases.privacy.reads import Noted
from shared.usecases.privacy.written import written

routes = Routes("privacy")


class Held(BaseModel):
    """All that is held of a person; docs/privacy.md says what each part is."""

    model_config = shown_as(
        about={
            "patient": "Patient/f-1",
            "key": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "made": "2026-03-02T09:00:00Z",
        },
        record={},
        messages=[],
        waiting=[],
        timeline=[],
        indexes={"rows": [], "wake_up": None},
        reads=[],
        fhir=[],
    )

    about: dict[str, Any]
    record: dict[str, Any]
    messages: list[dict[str, Any]]
    waiting: list[str]
    timeline: list[dict[str, Any]]
    indexes: dict[str, Any]
    reads: list[dict[str, Any]]
    fhir: list[dict[str, Any]]


class WhoseWritten(Body):
    """Whose resources are asked for, as the FHIR server knows them: an erased record knows its id no more."""

    model_config = shown_as(patient_id="f-1")

    patient_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,64}$", description="FHIR id of the Patient")]


class WrittenResource(BaseModel):
    """A resource that we wrote."""

    model_config = shown_as(
        reference="Communication/7b0c1a52-3f0e-5d0a-8c39-0c1d2e3f4a5b", status="completed"
    )

    reference: str
    status: str


class Written(BaseModel):
    """What the FHIR server holds of what we wrote of somebody."""

    model_config = shown_as(patient="0a1b2c3d4e5f60718293a4b5c6d7e8f9", items=[example_of(WrittenResource)])

    patient: str
    items: list[WrittenResource]


class PointLifted(Body):
    """A contact point that is somebody else's now."""

    model_config = shown_as(channel="sms", address="+12065550123", reason="the number has a new owner")

    channel: ChannelName
    address: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")]
    reason: Reason


class Lifted(BaseModel):
    """Whether there was a mark."""

    model_config = shown_as(lifted=True)

    lifted: bool = Field(description="false: nobody who was erased had this contact point")


@routes("exportPatient", response_model=Held)
async def export_patient(call: TheCall, patient: PatientKey) -> Response:
    """Hand out all that is held of a person, as one JSON document to be kept as health data.

    It holds clinical facts: whoever does not see them by role breaks the glass, and says why.
    """
    await call.need_clinical(patient)
    stored = await known(call.services, patient)
    await call.reads(patient)
    held = await export(call.services, stored.record.patient_id, Noted(call.caller.subject))
    name = f'attachment; filename="export-{patient}.json"'
    return JSONResponse(held, headers={"Content-Disposition": name, "Cache-Control": "no-store"})


@routes("erasePatient", status=202)
async def erase_patient(call: TheCall, patient: PatientKey, why: Why, response: Response) -> OperationState:
    """Forget a person for good: long work, as all rows of the index are looked through. Again is no error."""
    await stored_of(call.services, patient)
    check_can_erase(call.services)
    await call.begins(patient, why=why.reason)
    params = {"patient": patient, "reason": why.reason}
    return await accepted(call, response, "erase-patient", params)


@routes("listWritten")
async def list_written(call: TheCall, whose: WhoseWritten) -> Written:
    """List what we wrote of a person to the FHIR server: it stays there when they are erased here."""
    key = patient_key(whose.patient_id)
    await call.reads(key)
    items = [
        WrittenResource(reference=reference, status=status)
        async for reference, status in written(call.services, whose.patient_id)
    ]
    return Written(patient=key, items=items)


@routes("liftMark")
async def lift_mark(call: TheCall, point: PointLifted) -> Lifted:
    """Let a contact point be written to again; every instance knows within a minute."""
    check_can_erase(call.services)
    services = call.services
    await call.begins(why=point.reason)
    marks = services.marks or Marks(services.documents, services.policy.keys)
    whole = normalise(point.channel, point.address, services.policy.region) or point.address
    lifted = await marks.lift(point.channel, whole)
    call.changed(lifted)
    return Lifted(lifted=lifted)

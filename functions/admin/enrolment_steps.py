"""What staff do with one enrolment: pause, resume, stop, retry, move; each is done once for a key."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.enrolments import EnrolmentId, builtins
from functions.admin.routes import Routes
from functions.admin.shapes import Moment, PatientKey, Why, moment_or_none
from shared.events import EnrolmentAsked
from shared.usecases.enrolments import ask, enrolment_of, held

routes = Routes("enrolments")

type Verb = Literal["pause", "resume", "stop", "retry", "move"]


class MoveTo(Why):
    """Which step to go to, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"step": "call", "reason": "asked for a call"}]}
    )

    step: str = Field(min_length=1, max_length=100, description="Id of a step of its version")


class EnrolmentChanged(BaseModel):
    """How the enrolment stands now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "enrolment": "2f1d4a3e-6f67-5a0b-9b1a-3f6b1f0f8f00",
                    "status": "on-hold",
                    "held": "staff",
                    "step": "reply",
                    "due": "2026-03-09T09:00:00Z",
                }
            ]
        }
    )

    enrolment: str
    status: Literal["active", "on-hold", "over"]
    held: Literal["", "fault", "paused", "staff"] = ""
    step: str = ""
    due: Moment | None = None


@routes("pauseEnrolment")
async def pause_enrolment(
    call: TheCall, patient: PatientKey, enrolment: EnrolmentId, why: Why
) -> EnrolmentChanged:
    """Let the patient stand still in the journey; its messages wait."""
    return await _asked(call, patient, enrolment, "pause", why.reason)


@routes("resumeEnrolment")
async def resume_enrolment(
    call: TheCall, patient: PatientKey, enrolment: EnrolmentId, why: Why
) -> EnrolmentChanged:
    """Let the patient go on whom staff paused."""
    return await _asked(call, patient, enrolment, "resume", why.reason)


@routes("stopEnrolment")
async def stop_enrolment(
    call: TheCall, patient: PatientKey, enrolment: EnrolmentId, why: Why
) -> EnrolmentChanged:
    """Make the patient leave the journey; what it has not sent yet is called off."""
    return await _asked(call, patient, enrolment, "stop", why.reason)


@routes("retryEnrolment")
async def retry_enrolment(
    call: TheCall, patient: PatientKey, enrolment: EnrolmentId, why: Why
) -> EnrolmentChanged:
    """Do once more what went wrong."""
    return await _asked(call, patient, enrolment, "retry", why.reason)


@routes("moveEnrolment")
async def move_enrolment(
    call: TheCall, patient: PatientKey, enrolment: EnrolmentId, to: MoveTo
) -> EnrolmentChanged:
    """Put the patient onto another step of the same version."""
    return await _asked(call, patient, enrolment, "move", to.reason, to.step)


async def _asked(
    call: Call, patient: str, enrolment: str, verb: Verb, reason: str, step: str = ""
) -> EnrolmentChanged:
    record = await held(call.services, patient)
    before = record.enrolments.get(enrolment)
    if call.intent not in record.replies:  # else it was done, and may be over since
        before = enrolment_of(record, enrolment)
    await call.begins(patient, enrolment, why=reason, before=builtins(before))
    asked = EnrolmentAsked(enrolment, verb, call.caller.subject, reason, step, call.intent)
    found = await ask(call.services, patient, asked)
    call.changed(builtins(found))
    if found is None:
        return EnrolmentChanged(enrolment=enrolment, status="over")
    return EnrolmentChanged(
        enrolment=enrolment,
        status="on-hold" if found.status == "on-hold" else "active",
        held=found.held,
        step=found.step,
        due=moment_or_none(found.due),
    )

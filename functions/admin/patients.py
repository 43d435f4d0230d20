"""Find patients, and what staff do for one: leave every journey, get nothing any more, tell what happened."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from fastapi import Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from functions.admin.call import TheCall
from functions.admin.patient_shapes import example_of, shown_as
from functions.admin.routes import Routes
from functions.admin.shapes import Body, Moment, PatientKey, Why, instant_of
from shared.fhir.custom_events import Told
from shared.fhir.references import resource_key
from shared.usecases.custom_events import queue_event
from shared.usecases.patients.known import known
from shared.usecases.patients.leaving import leave_all, suppress
from shared.usecases.patients.search import MOST, Found, Wanted, full_name, search

routes = Routes("patients")

_WORDS = r"^[^\x00-\x1f\x7f]*$"
_EVENT_ID = r"^[!-~]{1,100}$"
_EVENT_NAME = r"^[a-z0-9][a-z0-9.-]{0,63}$"
_BIRTH_DATE = r"^[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"

type Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_WORDS)]


class IdentifierWanted(Body):
    """A number by which the patient is known: a medical record number, an insurance number."""

    model_config = shown_as(system="urn:oid:2.16.840.1.113883.4.3.6", value="12345")

    system: Words = Field(default="", description="Identifier.system; empty: whichever")
    value: Words = Field(min_length=1)


class SearchWanted(Body):
    """What is known of whoever is looked for: exactly one of identifier, name, phone and email."""

    model_config = shown_as(name="Ana Núñez", birth_date="1970-05-17", limit=20)

    identifier: IdentifierWanted | None = None
    name: Words = Field(
        default="", description="Words, each the beginning of a part of the name; two characters at least"
    )
    phone: Words = Field(default="", description="As the patient would say it, or +12065550123")
    email: Words = ""
    birth_date: Annotated[str, Field(pattern=_BIRTH_DATE)] | None = Field(
        default=None, description="Narrows the others down: 1970-05-17, 1970-05 or 1970"
    )
    limit: Annotated[int, Field(ge=1, le=MOST)] = 20

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        """Check that there is one way to look."""
        ways = (self.identifier is not None, bool(self.name), bool(self.phone), bool(self.email))
        if sum(ways) != 1:
            raise ValueError("exactly one of identifier, name, phone and email must be there")
        if self.name and not any(len(word) >= 2 for word in self.name.split()):
            raise ValueError("a name needs two characters at least")
        return self


class PatientFound(BaseModel):
    """A patient of the FHIR server."""

    model_config = shown_as(
        patient="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        name="Ana Lucía Núñez",
        birth_date="1970-05-17",
        gender="female",
        deceased=False,
        here="known",
        merged_into="",
    )

    patient: str = Field(description="Opaque key")
    name: str
    birth_date: str
    gender: str
    deceased: bool
    here: Literal["known", "unknown", "merged", "erased"] = Field(
        description="Whether they are known here; of somebody erased here nothing more is shown"
    )
    merged_into: str = Field(default="", description="Key of the record that took this one's place, or empty")


class PatientsFound(BaseModel):
    """Whom the FHIR server found."""

    model_config = shown_as(items=[example_of(PatientFound)], more=False)

    items: list[PatientFound]
    more: bool = Field(description="As many were found as were asked for: narrow it down to see others")


class Left(BaseModel):
    """Which enrolments were ended."""

    model_config = shown_as(
        patient="0a1b2c3d4e5f60718293a4b5c6d7e8f9", ended=["2f1d4a3e-6f67-5a0b-9b1a-3f6b1f0f8f00"]
    )

    patient: str
    ended: list[str] = Field(description="Ids of enrolments")


class Suppressed(BaseModel):
    """That nothing is sent any more."""

    model_config = shown_as(patient="0a1b2c3d4e5f60718293a4b5c6d7e8f9", state="suppressed")

    patient: str
    state: Literal["suppressed"] = "suppressed"


class EventTold(Body):
    """Something that happened to a patient and that no FHIR resource says."""

    model_config = shown_as(name="no-show", id="visit-4711", at="2026-03-02T09:00:00Z")

    name: Annotated[str, Field(pattern=_EVENT_NAME, description="As journeys have it in `trigger.event`")]
    id: Annotated[str, Field(pattern=_EVENT_ID, description="What it is known by: told twice it counts once")]
    at: Moment | None = Field(
        default=None, max_length=40, description="When it happened; now if it is not given"
    )


class EventQueued(BaseModel):
    """That the patient's journeys will hear of it."""

    model_config = shown_as(patient="0a1b2c3d4e5f60718293a4b5c6d7e8f9", event="visit-4711", state="queued")

    patient: str
    event: str
    state: Literal["queued"] = "queued"


@routes("searchPatients")
async def search_patients(call: TheCall, wanted: SearchWanted) -> PatientsFound:
    """Find patients on the FHIR server; whoever is found is noted as seen."""
    found = await search(call.services, _asked(wanted), wanted.limit)
    await call.reads_each([each.key for each in found])
    return PatientsFound(items=[_found(each) for each in found], more=len(found) == wanted.limit)


@routes("removePatient")
async def remove_patient(call: TheCall, patient: PatientKey, why: Why) -> Left:
    """End every enrolment of a patient; they may enter journeys again as rules have it."""
    stored = await known(call.services, patient)
    await call.begins(patient, *sorted(stored.record.enrolments), why=why.reason, before=stored.etag)
    ended = await leave_all(call.services, stored, call.caller.subject, why.reason, call.intent)
    call.changed(ended)
    return Left(patient=patient, ended=ended)


@routes("suppressPatient")
async def suppress_patient(call: TheCall, patient: PatientKey, why: Why) -> Suppressed:
    """Take down a no to everything, by every way; what was about to be sent is called off."""
    stored = await known(call.services, patient)
    await call.begins(patient, why=why.reason, before=[no.pattern for no in stored.record.opt_outs])
    after = await suppress(call.services, stored, call.caller.subject, why.reason, call.intent)
    call.changed([no.pattern for no in after.opt_outs])
    return Suppressed(patient=patient)


@routes("tellEvent", status=202)
async def tell_event(call: TheCall, patient: PatientKey, told: EventTold, response: Response) -> EventQueued:
    """Tell a patient's journeys of something; told twice under one id it counts once."""
    at = instant_of(told.at, "body.at") if told.at is not None else None
    stored = await known(call.services, patient)
    await call.begins(patient, told.name)
    whose = resource_key("Patient", stored.record.patient_id)
    await queue_event(call.services, Told(told.name, f"{told.name}|{told.id}", whose, None, at))
    return EventQueued(patient=patient, event=told.id)


def _asked(wanted: SearchWanted) -> Wanted:
    identifier = wanted.identifier
    return Wanted(
        system=identifier.system if identifier is not None else "",
        identifier=identifier.value if identifier is not None else "",
        name=wanted.name,
        birth_date=wanted.birth_date or "",
        phone=wanted.phone,
        email=wanted.email,
    )


def _found(found: Found) -> PatientFound:
    person = found.person
    return PatientFound(
        patient=found.key,
        name=full_name(person),
        birth_date=person.birth_date,
        gender=person.gender,
        deceased=person.deceased,
        here=found.here,
        merged_into=found.merged_into,
    )

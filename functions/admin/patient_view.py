"""The 360 view: all of a patient at a glance, in one round trip to storage."""

from __future__ import annotations

import asyncio

from fastapi import Response
from pydantic import BaseModel, Field

from functions.admin.call import TheCall
from functions.admin.etags import etag_of, tell_etag
from functions.admin.message_stories import (
    DecidedBy,
    Happened,
    MessageDetail,
    happening_shown,
    message_shown,
)
from functions.admin.patient_encoded import sight_of, whole
from functions.admin.patient_shapes import PatientShown, example_of, shown_as
from functions.admin.routes import Routes
from functions.admin.shapes import Moment, PatientKey, moment_or_none
from shared.usecases.evidence.story import of_patient_of
from shared.usecases.known import unknown
from shared.usecases.privacy.reads import Noted

routes = Routes("patients")


class PatientStory(BaseModel):
    """The whole story of a person, in order, from what was written down as it happened."""

    model_config = shown_as(
        patient="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        reference="Patient/1",
        catalogue="4-0d5c8b5e6a1f4a3b",
        erased=None,
        messages=[example_of(MessageDetail)],
        happenings=[example_of(Happened)],
        definitions=[example_of(DecidedBy)],
    )

    patient: str
    reference: str = Field(description='"Patient/1"; empty of somebody who was erased')
    catalogue: str = Field(description="By which the record was looked at last")
    erased: Moment | None
    messages: list[MessageDetail]
    happenings: list[Happened]
    definitions: list[DecidedBy]


@routes("getPatient")
async def get_patient(call: TheCall, patient: PatientKey, response: Response) -> PatientShown:
    """See the person, segments, journeys, consent, and the newest messages and lines of the timeline.

    Clinical facts, reasons that come of them and segments that go by them are for ClinicalUser, and for
    whoever breaks the glass.
    """
    services = call.services
    seen, _ = await asyncio.gather(services.patients.glance(patient), call.reads(patient))
    if not seen.etag:
        raise unknown()
    catalogue = await services.definitions.current(seen.record.catalogue)
    tell_etag(response, etag_of([patient, seen.etag, call.clinical, catalogue.version]))
    return whole(seen, catalogue, services.clock.now(), sight_of(call, catalogue))


@routes("getPatientStory")
async def get_patient_story(call: TheCall, patient: PatientKey) -> PatientStory:
    """Tell everything in order, with words, reasons and each try: for ClinicalUser, or by breaking the glass.

    Its length is that of the person's life here; the timeline and the lists are read page by page.
    """
    await call.need_clinical(patient)
    await call.reads(patient)
    story = await of_patient_of(call.services, patient, Noted(call.caller.subject))
    return PatientStory(
        patient=story.key,
        reference=story.patient,
        catalogue=story.catalogue,
        erased=moment_or_none(story.erased),
        messages=[message_shown(each) for each in story.messages],
        happenings=[happening_shown(each) for each in story.happenings],
        definitions=[DecidedBy(canonical=each.canonical, digest=each.digest) for each in story.definitions],
    )

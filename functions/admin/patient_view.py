"""The 360 view: all of a patient at a glance, in one round trip to storage."""

from __future__ import annotations

import asyncio

from fastapi import Response

from functions.admin.call import TheCall
from functions.admin.etags import etag_of, tell_etag
from functions.admin.patient_encoded import sight_of, whole
from functions.admin.patient_shapes import PatientShown
from functions.admin.routes import Routes
from functions.admin.shapes import PatientKey
from shared.usecases.patients.known import unknown

routes = Routes("patients")


@routes("getPatient")
async def get_patient(call: TheCall, patient: PatientKey, response: Response) -> PatientShown:
    """See the person, segments, journeys, consent, and the newest messages and lines of the timeline.

    Clinical facts, and reasons that come of them, are for ClinicalUser, and for whoever breaks the glass.
    """
    services = call.services
    seen, _ = await asyncio.gather(services.patients.glance(patient), call.reads(patient))
    if not seen.etag:
        raise unknown()
    catalogue = await services.definitions.current(seen.record.catalogue)
    tell_etag(response, etag_of([patient, seen.etag, call.clinical]))
    return whole(seen, catalogue, services.clock.now(), sight_of(call))

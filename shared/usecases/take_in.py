"""Take in a patient whole: how a population that was there before us becomes records, one commit each.

Reads `Patient/[id]/$everything` (https://hl7.org/fhir/R4/patient-operation-everything.html), so that what is
taken in has the server's own versions, and a notification that follows is compared with them as always. Not
every server gives the shared resources (places, medications) along with it: those are read one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from shared.errors import Rejected
from shared.events import CompartmentRead
from shared.fhir.fact import Fact, Person
from shared.fhir.project import SHARED_TYPES, project
from shared.patient.record import patient_key
from shared.usecases.react import Trigger, react
from shared.usecases.read import lens_of
from shared.usecases.recover import mark_known
from shared.usecases.services import Services
from shared.usecases.take_change import embedded

type Progress = Callable[[int, int], object]
"""Hears how many patients are done, and of how many."""

AT_ONCE = 6
"""Patients taken in at the same time."""


async def patient_ids(services: Services) -> AsyncIterator[str]:
    """Walk the ids of all patients on the FHIR server."""
    params = {"_elements": "id", "_count": "500", "_sort": "_lastUpdated"}
    async for resource in services.fhir.search("Patient", params):
        if resource.get("resourceType") == "Patient":
            yield str(resource["id"])


async def take_in_everyone(services: Services, progress: Progress = lambda done, of: None) -> list[str]:
    """Take in every patient of the FHIR server, some at once; their ids. Raises Unavailable.

    What changes while this goes on is found by the next reconciliation: the watermarks are set first.
    """
    await mark_known(services)
    found = [patient_id async for patient_id in patient_ids(services)]
    waiting = iter(found)
    done = 0

    async def work() -> None:
        nonlocal done
        for patient_id in waiting:
            await take_in(services, patient_id)
            done += 1
            progress(done, len(found))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return found


async def take_in(services: Services, patient_id: str) -> int:
    """Make the record of one patient; how many facts it learned of. Raises Unavailable.

    Again changes only what has changed since. Messages may follow if definitions are published already.
    """
    own: list[Fact | Person] = []
    shared: dict[str, Fact | Person] = {}
    wanted: set[str] = set()
    lens = await lens_of(services)
    async for resource in services.fhir.everything(patient_id):
        try:
            projection = project(resource, services.zone, lens)
        except Rejected:
            continue  # a type that is not kept, or of no use: the notification path rejects it the same
        if str(resource.get("resourceType")) in SHARED_TYPES:
            shared[projection.content.reference] = projection.content
        elif patient_id in projection.patients:
            own.append(projection.content)
            wanted |= set(projection.references)
    contents = [*(shared[name] for name in sorted(wanted & set(shared))), *own]
    key, missing = patient_key(patient_id), sorted(wanted - set(shared))
    held = await services.patients.load(key, patient_id) if missing else None
    further = await embedded(services, held.record, missing) if held else []
    together = CompartmentRead((*(event.content for event in further), *contents))
    trigger, fresh = Trigger(f"take-in-{patient_id}"), frozenset(content.reference for content in contents)
    await react(services, key, [together], trigger, patient_id, fresh=fresh, held=held)
    return len(together.contents)

"""Custom events: somebody says that something happened to a patient, whose journeys then hear of it.

HTTP → whose it is → queue → the record reacts. The same event told twice counts once: the record knows its
id.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.errors import Rejected, Unavailable
from shared.events import CustomEventReceived
from shared.fhir.custom_events import Told
from shared.fhir.references import resource_key
from shared.patient.record import patient_key
from shared.queues import EVENTS
from shared.usecases.jobs import Happened
from shared.usecases.posting import post
from shared.usecases.react import Reaction, Trigger, react
from shared.usecases.services import Services

LAG = 3
"""The delivery at which we believe that we know no such patient: their own notification may be on its way."""

_MOST = 100
"""Patients looked at that a search by identifier brings: a server that brings more has not understood it."""


async def queue_event(services: Services, told: Told) -> None:
    """Find whose event it is, and put it on the queue. Raises Rejected, Unavailable.

    An identifier is looked up here, on the FHIR server: none stands in queue messages.
    """
    patient_id = told.patient.resource_id if told.patient is not None else ""
    if told.identifier is not None:
        patient_id = await _identified(services, *told.identifier)
    at = told.at if told.at is not None else services.clock.now()
    job = Happened(told.event_id, told.name, patient_id, at)
    await post(services.queue, EVENTS, job)


async def take_event(services: Services, job: Happened, trigger: Trigger) -> Reaction:
    """Let an event happen to its patient. Raises Rejected where we know no such patient, Unavailable."""
    resource_key("Patient", job.patient_id)
    key = patient_key(job.patient_id)
    stored = await services.patients.load(key, job.patient_id)
    if not stored.etag:
        if trigger.delivery < LAG:
            raise Unavailable("the patient of an event is not known yet", 5.0)
        raise Rejected("the patient of an event is not known", "unknown-patient")
    event = CustomEventReceived(job.event_id, job.name, job.at)
    return await react(services, key, [event], trigger, job.patient_id, held=stored)


async def _identified(services: Services, system: str, value: str) -> str:
    """Return the id of the one patient with an identifier; records merged away do not count."""
    found: set[str] = set()
    looked = 0
    params = {"identifier": f"{_escaped(system)}|{_escaped(value)}", "_count": str(_MOST)}
    async for resource in services.fhir.search("Patient", params):
        looked += 1
        if _has(resource, system, value) and not _replaced(resource):
            found.add(str(resource.get("id")))
        if looked >= _MOST:
            break
    if len(found) != 1:
        reason = "more than one patient has" if found else "no patient has"
        raise Rejected(f"{reason} this identifier", "ambiguous-patient" if found else "unknown-patient")
    return found.pop()


def _escaped(text: str) -> str:
    """Escape what means something else in a search (https://hl7.org/fhir/R4/search.html#escaping)."""
    return "".join(f"\\{each}" if each in "$,|\\" else each for each in text)


def _has(resource: Mapping[str, object], system: str, value: str) -> bool:
    held = resource.get("identifier")
    return isinstance(held, list) and any(
        isinstance(each, Mapping) and (each.get("system"), each.get("value")) == (system, value)
        for each in held
    )


def _replaced(resource: Mapping[str, object]) -> bool:
    links = resource.get("link")
    return isinstance(links, list) and any(
        isinstance(link, Mapping) and link.get("type") == "replaced-by" for link in links
    )

"""After a backup was put back: hold whoever was written to since, as the records know nothing of that.

A record of yesterday would send today's messages once more. The Communications that we wrote to the FHIR
server say who got some.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import Struct

from shared.events import EnrolmentAsked
from shared.fhir.instants import Instant, iso
from shared.fhir.own import is_ours
from shared.patient.record import patient_key
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services


class Held(Struct, frozen=True):
    """How many patients were written to since, how many of their enrolments are on hold now."""

    patients: int
    enrolments: int


async def hold_written_to(services: Services, since: Instant, by: str, reason: str) -> Held:
    """Put every active enrolment on hold of whoever got a message since an instant. Raises Unavailable.

    To be done while sending is off, once the changes since then have been taken in; again does no more.
    """
    keys: set[str] = set()
    async for key in _written_to(services, since):
        keys.add(key)
    return await _hold(services, sorted(keys), by, reason)


async def hold_everybody(services: Services, by: str, reason: str) -> Held:
    """Put everybody on hold who is in a journey: for where messages are not written to the FHIR server."""
    walk = services.patients.keys()
    return await _hold(services, sorted([key async for key in walk]), by, reason)


async def _written_to(services: Services, since: Instant) -> AsyncIterator[str]:
    found = services.fhir.search("Communication", {"_lastUpdated": f"ge{iso(since)}"})
    async for resource in found:
        subject = resource.get("subject")
        kind, _, patient_id = str(subject.get("reference") if isinstance(subject, dict) else "").partition(
            "/"
        )
        if is_ours(resource) and kind == "Patient":  # we write references that are relative
            yield patient_key(patient_id)


async def _hold(services: Services, keys: list[str], by: str, reason: str) -> Held:
    held = [await _hold_one(services, key, by, reason) for key in keys]
    return Held(len(keys), sum(held))


async def _hold_one(services: Services, key: str, by: str, reason: str) -> int:
    record = (await services.patients.load(key)).record
    inside = [e.enrolment_id for e in record.enrolments.values() if e.status == "active"]
    if inside:
        asked = [EnrolmentAsked(name, "pause", by, reason) for name in inside]
        await react(services, key, asked, Trigger(f"hold-{key}"), claiming=False)
    return len(inside)

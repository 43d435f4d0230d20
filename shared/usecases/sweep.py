"""The safety net: patients with work left, and whole-population looks after a publication, onto the queue."""

from __future__ import annotations

from shared.fhir.instants import MINUTE, Instant
from shared.usecases.jobs import Refresh, encode_job
from shared.usecases.services import OUTBOX, Services

OVERDUE = 10 * MINUTE
"""How late a due instant may be before the sweep takes it that its wake-up was lost."""


async def sweep(services: Services) -> int:
    """Queue every patient whose record says that something is left to do; how many. Raises Unavailable.

    Costs a scan of the patients table: it runs seldom, as all that it finds has failed many times before.
    """
    queued = 0
    async for key in services.patients.pending(Instant(services.clock.now() - OVERDUE)):
        await services.queue.send(OUTBOX, encode_job(Refresh(key)))
        queued += 1
    return queued


async def look_at_everyone(services: Services, catalogue: str = "") -> int:
    """Queue every patient, as this version of the catalogue was published; how many. Raises Unavailable."""
    queued = 0
    async for key in services.patients.keys():
        await services.queue.send(OUTBOX, encode_job(Refresh(key, catalogue)))
        queued += 1
    return queued

"""The safety net: patients with work left go onto the queue, and population runs that stand still go on."""

from __future__ import annotations

from shared.catalogue import publication
from shared.fhir.instants import MINUTE, Instant
from shared.ports import Behind
from shared.queues import OUTBOX
from shared.usecases.jobs import Refresh
from shared.usecases.populate import resume_population
from shared.usecases.posting import post
from shared.usecases.publish import load_shelf
from shared.usecases.services import Services

OVERDUE = 10 * MINUTE
"""How late a due instant may be before the sweep takes it that its wake-up was lost."""


async def sweep(services: Services) -> int:
    """Queue every patient whose record says that something is left to do; how many. Raises Unavailable.

    So it does with those whom an instance committed that had not yet heard of the latest publication: the
    population run may have looked at them before. Costs a scan of the patients table: it runs seldom, as
    all that it finds has failed many times before.
    """
    await resume_population(services)
    shelf, _ = await load_shelf(services.documents)
    behind = Behind(publication(shelf.population), shelf.changed_at) if shelf.population else None
    queued = 0
    async for key in services.patients.pending(Instant(services.clock.now() - OVERDUE), behind):
        await post(services.queue, OUTBOX, Refresh(key, shelf.population))
        queued += 1
    return queued

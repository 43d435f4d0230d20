"""What would happen to one patient in a journey from now on, and why: the dry run of that record alone."""

from __future__ import annotations

import asyncio

from shared.patient.record import PatientRecord
from shared.usecases.journeys.simulate import Simulated, planned
from shared.usecases.services import Services
from shared.usecases.simulation.arrivals import split
from shared.usecases.simulation.explaining import Future, explain
from shared.usecases.simulation.playing import parcel


async def future_of(services: Services, record: PatientRecord, asked: Simulated) -> Future:
    """Play one record; before limits of a journey nobody else waits. Raises Rejected, Unavailable."""
    plan = await planned(services, asked)

    def played() -> Future | None:
        packed = parcel(*split(record, asked.arrivals, plan.start, plan.end))
        return explain(lambda: (packed,), plan, record.key, lambda _: None)

    return await asyncio.to_thread(played) or Future((), ())

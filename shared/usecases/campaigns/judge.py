"""Whether those whose turn it is would be let in: asked of their records before they take a place."""

from __future__ import annotations

import asyncio
from itertools import batched

from shared.catalogue import Catalogue
from shared.decide import decide
from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import RunRef
from shared.patient.record import PatientRecord
from shared.usecases.campaigns.audience import Turn
from shared.usecases.campaigns.entry import asked_for, brought_in, why_not_in
from shared.usecases.services import Services

AT_ONCE = 16


class Judge:
    """Lets decide say what would come of it; nothing is written."""

    def __init__(
        self, services: Services, catalogue: Catalogue, definition: CampaignDefinition, ref: RunRef
    ) -> None:
        self._services = services
        self._catalogue = catalogue
        self._definition = definition
        self._ref = ref

    async def taken(self, turns: tuple[Turn, ...], room: int) -> tuple[Turn, ...]:
        """Return the first of these, as many as there is room for, and all who are left out among them.

        Costs a read of each record that is looked at. Raises Unavailable.
        """
        taken: list[Turn] = []
        for some in batched(turns, AT_ONCE, strict=False):
            for turn in await asyncio.gather(*map(self._judged, some)):
                if not turn.why_not:
                    if room == 0:
                        return tuple(taken)
                    room -= 1
                taken.append(turn)
        return tuple(taken)

    async def _judged(self, turn: Turn) -> Turn:
        if turn.why_not:
            return turn
        stored = await self._services.patients.load(turn.key)
        now = self._services.clock.now()
        return Turn(turn.key, why_not_now(stored.record, self._catalogue, self._definition, self._ref, now))


def why_not_now(
    record: PatientRecord, catalogue: Catalogue, definition: CampaignDefinition, ref: RunRef, now: Instant
) -> str:
    """Return why the journey would not let somebody in at an instant, or ""."""
    if record.patient_id:
        decision = decide(record, asked_for(definition, ref), catalogue, now)
        if brought_in(decision.record, definition.journey, ref.run):
            return ""
    return why_not_in(record, catalogue, definition, now)

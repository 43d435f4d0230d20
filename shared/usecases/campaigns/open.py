"""Open invitations of a campaign's journey, for a pace by capacity: by the roster, and whom it lacks yet."""

from __future__ import annotations

import asyncio

from shared.usecases.campaigns.documents import Run, why_refused
from shared.usecases.room import invited
from shared.usecases.services import Services


class OpenInvitations:
    """Counts everybody who is inside the journey, whatever brought them there: slots are for all of them."""

    def __init__(self, services: Services, journey: str, run: Run) -> None:
        self._services = services
        self._journey = journey
        self._run = run
        self.unseen: tuple[str, ...] = run.unseen

    async def count(self) -> int:
        """Return how many there are; `unseen` is then who of those asked may still come into the roster."""
        count, shown = 0, set[str]()
        async for row in invited(self._services, self._journey):
            count += 1
            if row.run == self._run.run:
                shown.add(row.key)
        hidden = [key for key in self.unseen if key not in shown]
        states = await asyncio.gather(*map(self._may_come, hidden))
        self.unseen = tuple(key for key, may_come in zip(hidden, states, strict=True) if may_come)
        return count + len(self.unseen)

    async def _may_come(self, key: str) -> bool:
        """Say whether somebody is inside, or their turn has not been carried out yet."""
        record = (await self._services.patients.load(key)).record
        if any(enrolment.cause == self._run.run for enrolment in record.enrolments.values()):
            return True
        history = record.history.get(self._journey)
        if history is not None and history.entered_for(self._run.run):
            return False  # they have been in it, and are out again
        return await why_refused(self._services.documents, self._run.run, key) == ""

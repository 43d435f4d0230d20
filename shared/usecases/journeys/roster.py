"""A page of a journey's roster, filtered: the storage looks by run and by who is inside, we by the rest."""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.canonical import canonical
from shared.ports import RosterRow
from shared.usecases.services import Services

MOST_QUERIES = 5
"""For one page: where most rows are filtered out, the page is short and the next one goes on."""


class Wanted(Struct, frozen=True):
    """Whose rows are wanted."""

    journey: str
    """Url."""
    run: str | None = None
    inside: bool = False
    status: str | None = None
    version: str = ""

    def fits(self, row: RosterRow) -> bool:
        """Say whether a row is one of them, as far as the storage does not say it."""
        pinned = not self.version or row.enrolment.journey == canonical(self.journey, self.version)
        return pinned and self.status in (None, row.enrolment.status)


async def page_of_roster(
    services: Services, wanted: Wanted, after: str, limit: int
) -> tuple[tuple[RosterRow, ...], str]:
    """Return at most `limit` rows beyond the place `after`, and where to go on; "" where that is all.

    Costs MOST_QUERIES queries of `limit` rows at most, however long the roster is. Raises Unavailable.
    """
    inside = wanted.inside or wanted.status in ("active", "on-hold")
    found: list[RosterRow] = []
    for _ in range(MOST_QUERIES):
        rows = await services.indexes.roster(
            wanted.journey, wanted.run, inside=inside, after=after, limit=limit
        )
        for row in rows:
            if wanted.fits(row):
                found.append(row)
            after = row.place
            if len(found) == limit:
                return tuple(found), after
        if len(rows) < limit:
            return tuple(found), ""
    return tuple(found), after

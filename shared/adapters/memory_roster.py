"""The Roster port in memory: verified by the same contract suite as the one over tables."""

from __future__ import annotations

from collections import defaultdict

from shared.adapters.table_roster import roster_place, roster_row
from shared.effects import AskEntry, IndexEnrolment
from shared.ports import Entry, RosterRow


class MemoryRoster:
    """Rosters and queues of entry."""

    def __init__(self) -> None:
        self._enrolled: dict[str, dict[str, RosterRow]] = defaultdict(dict)
        self._entries: set[tuple[str, int, str, str]] = set()

    async def enrol(self, key: str, effect: IndexEnrolment) -> None:
        """Make an enrolment's row say this, unless a later commit's stands there."""
        rows = self._enrolled[roster_place(effect.journey)]
        place = roster_row(key, effect)
        if place not in rows or rows[place].enrolment.order < effect.order:
            rows[place] = RosterRow(key, effect, place)

    async def roster(
        self,
        journey: str,
        run: str | None = None,
        *,
        inside: bool = False,
        after: str = "",
        limit: int = 1000,
    ) -> tuple[RosterRow, ...]:
        """See Roster.roster."""
        rows = self._enrolled[roster_place(journey)]
        found = (
            rows[place]
            for place in sorted(rows)
            if place > after
            and (run is None or rows[place].run == run)
            and (not inside or rows[place].inside)
        )
        return tuple(row for row, _ in zip(found, range(limit), strict=False))

    async def enrolled(self, journey: str, run: str, key: str) -> bool:
        """See Roster.enrolled."""
        return any(
            row.key == key and row.run == run for row in self._enrolled[roster_place(journey)].values()
        )

    async def ask_entry(self, key: str, effect: AskEntry) -> None:
        """Put an enrolment into the queue before its journey."""
        self._entries.add((effect.journey, effect.asked, effect.enrolment_id, key))

    async def entries(self, journey: str, after: Entry | None = None, limit: int = 100) -> tuple[Entry, ...]:
        """See Roster.entries."""
        waiting = sorted(self._entries)
        beyond = (after.asked, after.enrolment_id) if after else (-1, "")
        found = [Entry(key, url, name, at) for url, at, name, key in waiting if url == journey]  # type: ignore[arg-type]
        return tuple(entry for entry in found if (entry.asked, entry.enrolment_id) > beyond)[:limit]

    async def journeys_asked(self) -> tuple[str, ...]:
        """See Roster.journeys_asked."""
        return tuple(sorted({journey for journey, *_ in self._entries}))

    async def drop_entry(self, entry: Entry) -> None:
        """See Roster.drop_entry."""
        self._entries.discard((entry.journey, entry.asked, entry.enrolment_id, entry.key))

"""The Needs port in memory: verified by the same contract suite as the one over tables."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from itertools import islice

from shared.adapters.table_needs import need_place, turned
from shared.effects import Need
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.ports.needs import NeedRow


class MemoryNeeds:
    """The list of messages that need somebody."""

    def __init__(self) -> None:
        self._needed: dict[str, tuple[str, Need]] = {}
        self._listed: dict[str, list[tuple[str, str]]] = defaultdict(list)  # by state: place and message

    async def note_need(self, key: str, message_id: str, need: Need) -> None:
        """Make a message's row say this, unless a later commit's stands there."""
        found = self._needed.get(message_id)
        if found is not None and found[1].order >= need.order:
            return
        await self.drop_need(message_id)
        self._needed[message_id] = (key, need)
        if need.state:
            insort(self._listed[need.state], (need_place(message_id, need), message_id))

    async def drop_need(self, message_id: str) -> None:
        """Remove a message's row; one that has none is no error."""
        found = self._needed.pop(message_id, None)
        if found is not None and found[1].state:
            listed = self._listed[found[1].state]
            del listed[bisect_left(listed, (need_place(message_id, found[1]), message_id))]

    async def needs(
        self,
        state: str,
        *,
        channel: str = "",
        journey: str = "",
        since: Instant | None = None,
        until: Instant | None = None,
        after: str = "",
        limit: int = 100,
    ) -> tuple[NeedRow, ...]:
        """See Needs.needs."""
        listed = self._listed.get(state, [])
        first = bisect_right(
            listed, (max(after, f"{turned(until)}." if until is not None else ""), chr(0x10FFFF))
        )
        last = bisect_left(listed, (f"{turned(since)}.", "")) if since is not None else len(listed)
        places = (listed[number] for number in range(first, last))
        rows = (NeedRow(*self._of(name), place) for place, name in places)
        found = (
            row
            for row in rows
            if channel in ("", row.need.channel) and journey in ("", split_canonical(row.need.journey)[0])
        )
        return tuple(islice(found, limit))

    def _of(self, message_id: str) -> tuple[str, str, Need]:
        key, need = self._needed[message_id]
        return key, message_id, need

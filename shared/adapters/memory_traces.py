"""The Traces port in memory, and the rows that it looks through: verified as the one over tables is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import asdict

from shared.adapters.memory_needs import MemoryNeeds
from shared.adapters.memory_roster import MemoryRoster
from shared.adapters.table_roster import roster_place
from shared.effects import IndexContact, IndexLink, IndexMember, IndexMessage, IndexReference
from shared.ports import LinkRow, Trace


class MemoryTraces(MemoryRoster, MemoryNeeds):
    """Everything in the indexes that names a patient."""

    def __init__(self) -> None:
        super().__init__()
        MemoryNeeds.__init__(self)
        self._rows: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self._links: dict[str, tuple[str, IndexLink]] = {}
        self._members: dict[str, dict[str, IndexMember]] = defaultdict(dict)

    async def traces(self, key: str, journeys: Collection[str]) -> tuple[Trace, ...]:
        """See Traces.traces."""
        return tuple(sorted(self._traces(key, journeys), key=lambda trace: (trace.kind, trace.place)))

    def _traces(self, key: str, journeys: Collection[str]) -> Iterator[Trace]:
        for place, keys in self._rows.items():
            if key in keys:
                yield Trace(place[0], (*place, key))
        for token, (owner, link) in self._links.items():
            if owner == key:
                content = {name: value for name, value in asdict(link).items() if value is not None}
                yield Trace("link", ("link", token), content)
        for segment, rows in self._members.items():
            if key in rows:
                yield Trace("member", ("member", segment, key), {"member": rows[key].member})
        for journey in journeys:
            roster = roster_place(journey)
            for row in self._enrolled[roster].values():
                if row.key == key:
                    content = {"journey": row.enrolment.journey, "status": row.enrolment.status}
                    yield Trace("roster", ("roster", roster, row.place), content)
        for journey, asked, name, owner in self._entries:
            if owner == key:
                yield Trace("entries", ("entries", journey, str(asked), name, key), {"journey": journey})

        for message_id, (owner, need) in self._needed.items():
            if owner == key:
                yield Trace("needs", ("needs", message_id), asdict(need))

    async def drop_traces(self, traces: Sequence[Trace]) -> None:
        """See Traces.drop_traces."""
        for trace in traces:
            match trace.place:
                case ("needs", message_id):
                    await self.drop_need(message_id)
                case ("link", token):
                    self._links.pop(token, None)
                case ("member", segment, key):
                    self._members[segment].pop(key, None)
                case ("roster", roster, place):
                    self._enrolled[roster].pop(place, None)
                case ("entries", journey, asked, name, key):
                    self._entries.discard((journey, int(asked), name, key))
                case (*place, key):
                    self._take_out(tuple(place), key)

    async def withdraw(
        self, key: str, effect: IndexContact | IndexReference | IndexMessage | IndexLink
    ) -> None:
        """See Traces.withdraw."""
        if isinstance(effect, IndexLink):
            self._links.pop(effect.token, None)
        else:
            self._take_out(place_of(effect), key)
            if isinstance(effect, IndexMessage):
                await self.drop_need(effect.message_id)

    def _take_out(self, place: tuple[str, ...], key: str) -> None:
        self._rows[place].discard(key)
        if not self._rows[place]:
            del self._rows[place]

    async def links(self, after: str, limit: int) -> tuple[LinkRow, ...]:
        """See Traces.links."""
        found = sorted((token, *row) for token, row in self._links.items() if token > after)
        return tuple(LinkRow(key, link, token) for token, key, link in found[:limit])


def place_of(effect: IndexReference | IndexContact | IndexMessage) -> tuple[str, ...]:
    """Return where an effect's row stands."""
    match effect:
        case IndexReference(reference=reference):
            return ("reference", reference)
        case IndexContact(channel=channel, address=address):
            return ("contact", channel, address)
        case IndexMessage(message_id=message_id):
            return ("message", message_id)

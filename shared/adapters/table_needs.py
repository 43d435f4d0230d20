"""The Needs port over Azure Tables: the messages that need somebody, in one partition of the index table.

A message has a row for good, "m-ID", which says what is known latest, and one by state and time as long as
somebody is needed, "o-STATE-TIME-ID": so a page costs what is on it. One transaction writes both.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.adapters.tables import Entity, TableService, Write, literal
from shared.effects import Need
from shared.errors import Conflict, Unavailable
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.ports.needs import NeedRow

NEEDS = "needs"
"""The partition: these are few, as nothing is written of a message that goes well."""
_ATTEMPTS = 8
_LATEST = 10**20 - 1
_AFTER_DASH = "."
"""The character that follows "-": what begins with "x-" lies before "x."."""


class TableNeeds:
    """The list of messages that need somebody, in the index table."""

    _tables: TableService
    _index: str

    async def note_need(self, key: str, message_id: str, need: Need) -> None:
        """Make a message's rows say this, unless a later commit's stand there. Raises Unavailable."""
        for _ in range(_ATTEMPTS):
            found = await self._tables.get(self._index, NEEDS, _row(message_id))
            if found is not None and int(found[0]["order"]) >= need.order:
                return
            try:
                await self._tables.transact(self._index, list(_writes(key, message_id, need, found)))
            except Conflict:
                continue
            return
        raise Unavailable("others keep writing to this message's row")

    async def drop_need(self, message_id: str) -> None:
        """Remove a message's rows; one that has none is no error. Raises Unavailable."""
        found = await self._tables.get(self._index, NEEDS, _row(message_id))
        if found is None:
            return
        rows = [_row(message_id), *_listed_at(found[0])]
        try:
            await self._tables.transact(self._index, [Write("delete", NEEDS, row) for row in rows])
        except Conflict:
            return  # somebody else removed them

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
        """Return messages in a state, the newest first; see Needs.needs. Raises Unavailable."""
        lower = f"{turned(until)}{_AFTER_DASH}" if until is not None else ""
        upper = f"{turned(since)}{_AFTER_DASH}" if since is not None else _AFTER_DASH
        prefix = f"o-{state}-"
        end = prefix + upper if since is not None else f"o-{state}{_AFTER_DASH}"
        wanted = [
            f"PartitionKey eq '{NEEDS}'",
            f"RowKey gt {literal(prefix + max(lower, after))} and RowKey lt {literal(end)}",
            *([f"channel eq {literal(channel)}"] if channel else []),
            *([f"url eq {literal(journey)}"] if journey else []),
        ]
        rows = self._tables.query(self._index, " and ".join(wanted), limit=limit)
        return tuple([_need_row(row) async for row, _ in rows])


def turned(instant: Instant) -> str:
    """Write an instant so that later ones sort first."""
    return f"{_LATEST - max(instant, 0):020d}"


def need_place(message_id: str, need: Need) -> str:
    """Return where a message stands among those of its state."""
    return f"{turned(need.created)}-{message_id}"


def _row(message_id: str) -> str:
    return f"m-{message_id}"


def _writes(key: str, message_id: str, need: Need, found: tuple[Entity, str] | None) -> Iterator[Write]:
    properties = _properties(key, message_id, need)
    if found is None:
        yield Write("insert", NEEDS, _row(message_id), properties)
    else:
        yield Write("merge", NEEDS, _row(message_id), properties, found[1])
    listed = _listed_at(properties)
    for row in _listed_at(found[0]) if found is not None else ():
        if row not in listed:
            yield Write("delete", NEEDS, row)
    for row in listed:
        yield Write("upsert", NEEDS, row, properties)


def _listed_at(row: Entity) -> tuple[str, ...]:
    """Return the row by which a message is listed, where it needs somebody."""
    state, message_id = str(row["state"]), str(row["message"])
    return (f"o-{state}-{turned(Instant(int(row['created'])))}-{message_id}",) if state else ()


def _properties(key: str, message_id: str, need: Need) -> Entity:
    return {
        "key": key,
        "message": message_id,
        "state": need.state,
        "created": need.created,
        "since": need.since,
        "order": need.order,
        "channel": need.channel,
        "journey": need.journey,
        "url": split_canonical(need.journey)[0],
        "template": need.template,
        "code": need.code,
    }


def _need_row(row: Entity) -> NeedRow:
    need = Need(
        state=str(row["state"]),
        created=Instant(int(row["created"])),
        since=Instant(int(row["since"])),
        order=int(row["order"]),
        channel=str(row["channel"]),
        journey=str(row["journey"]),
        template=str(row["template"]),
        code=str(row["code"]),
    )
    message_id = str(row["message"])
    return NeedRow(str(row["key"]), message_id, need, need_place(message_id, need))

"""The storage ports in memory, for simulations and tests: verified by the same contract suite as Azurite.

Everything is kept packed, as the table service would, so that nothing survives that packing would lose.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from heapq import heappop, heappush
from itertools import islice, takewhile

import msgspec
from msgspec.structs import replace

from shared.adapters.memory_traces import MemoryTraces, place_of
from shared.adapters.queue_rest import check_body
from shared.adapters.table_documents import check_document, row_of
from shared.adapters.tables import check_size
from shared.catalogue import publication
from shared.effects import AskEntry, IndexEffect, IndexEnrolment, IndexLink, IndexMember, IndexMessage, Need
from shared.errors import Conflict
from shared.fhir.instants import Instant
from shared.patient.packing import pack, unpack
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Message
from shared.ports import BEYOND, Behind, MemberRow, Stored, Wakeup
from shared.ports.glance import NEWEST, Glance, PlacedLine, brief, place_of_line


class MemoryPatients:
    """PatientStore in memory; `real_time` counts seconds since 1970."""

    def __init__(self, real_time: Callable[[], float] = time.time) -> None:
        self._real_time = real_time
        self._written: dict[str, float] = {}
        self._chunks: dict[str, dict[str, bytes]] = {}
        self._etags: dict[str, int] = {}
        self._messages: dict[str, dict[str, Message]] = defaultdict(dict)
        self._timeline: dict[str, list[tuple[TimelineLine, ...]]] = defaultdict(list)
        self._dropped: dict[str, int] = defaultdict(int)
        """Rows of the timeline: places of lines must not move when older ones go."""

    async def load(self, key: str, patient_id: str = "") -> Stored:
        """See PatientStore.load."""
        chunks = self._chunks.get(key)
        if chunks is None:
            return Stored(PatientRecord(key=key, patient_id=patient_id))
        return Stored(unpack(key, chunks), str(self._etags[key]))

    async def commit(self, stored: Stored, decision: Decision) -> Stored:
        """See PatientStore.commit."""
        key = stored.record.key
        if str(self._etags.get(key, "")) != stored.etag:
            raise Conflict("another commit came first")
        record = replace(decision.record, sequence=stored.record.sequence + 1)
        chunks = pack(record)
        operations = 1 + bool(decision.timeline) + len(decision.messages)
        check_size(operations, sum(len(chunk) * 4 // 3 for chunk in chunks.values()))
        self._chunks[key] = {**self._chunks.get(key, {}), **chunks}
        self._etags[key] = self._etags.get(key, 0) + 1
        self._written[key] = self._real_time()
        self._messages[key] |= {message.message_id: message for message in decision.messages}
        if decision.timeline:
            self._timeline[key].append(decision.timeline)
        return Stored(replace(record, facts=record.facts.committed()), str(self._etags[key]))

    async def message(self, key: str, message_id: str) -> Message | None:
        """See PatientStore.message."""
        return self._messages[key].get(message_id)

    async def messages(self, key: str) -> tuple[Message, ...]:
        """See PatientStore.messages."""
        return tuple(sorted(self._messages[key].values(), key=lambda m: (m.created, m.message_id)))

    async def messages_in(self, status: str) -> AsyncIterator[tuple[str, Message]]:
        """See PatientStore.messages_in."""
        for key, messages in sorted(self._messages.items()):
            for message in messages.values():
                if message.status == status:
                    yield key, message

    async def timeline(self, key: str) -> tuple[TimelineLine, ...]:
        """See PatientStore.timeline."""
        return tuple(line for lines in self._timeline[key] for line in lines)

    async def glance(self, key: str) -> Glance:
        """See Glances.glance."""
        stored = await self.load(key)
        lines = tuple(placed.line for placed in await self.lines_before(key, "", NEWEST))
        return Glance(
            stored.record,
            stored.etag,
            lines,
            tuple(map(brief, (await self.messages(key))[: -NEWEST - 1 : -1])),
        )

    async def lines_before(self, key: str, place: str = "", limit: int = 100) -> tuple[PlacedLine, ...]:
        """See Glances.lines_before."""
        found = (
            PlacedLine(line, place_of_line(row, at))
            for row, lines in enumerate(self._timeline[key], self._dropped[key] + 1)
            for at, line in enumerate(lines)
        )
        return tuple(each for each in found if not place or each.place < place)[: -limit - 1 : -1]

    async def keys(self) -> AsyncIterator[str]:
        """See PatientStore.keys."""
        for key in sorted(self._chunks):
            yield key

    async def range(self, lower: str, upper: str, limit: int) -> tuple[Stored, ...]:
        """See PatientStore.range."""
        keys = islice((key for key in sorted(self._chunks) if lower < key < upper), limit)
        return tuple([await self.load(key) for key in keys])

    async def pending(
        self, overdue: Instant, behind: Behind | None = None, lower: str = "", upper: str = BEYOND
    ) -> AsyncIterator[str]:
        """See PatientStore.pending."""
        for key in sorted(key for key in self._chunks if lower <= key < upper):
            record = unpack(key, self._chunks[key])
            claimed = any(message.status == "in-progress" for message in record.messages.values())
            late = record.next_due is not None and record.next_due < overdue
            if claimed or late or record.outbox or (behind and self._behind(record, behind)):
                yield key

    async def drop_messages(self, key: str, message_ids: Collection[str]) -> None:
        """See PatientStore.drop_messages."""
        for message_id in message_ids:
            self._messages[key].pop(message_id, None)

    async def drop_timeline(self, key: str, before: Instant) -> int:
        """See PatientStore.drop_timeline."""
        rows = self._timeline[key]
        old = len(list(takewhile(lambda row: all(line.at < before for line in row), rows)))
        del rows[:old]
        self._dropped[key] += old
        return old

    async def erase(self, key: str) -> None:
        """See PatientStore.erase."""
        self._messages[key].clear()
        self._timeline[key].clear()

    def _behind(self, record: PatientRecord, behind: Behind) -> bool:
        old = publication(record.catalogue) < behind.publication
        return old and self._written[record.key] >= behind.since


class MemoryIndexes(MemoryTraces):
    """Indexes in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._wakeups: set[tuple[Instant, str]] = set()
        self._in_order: list[tuple[Instant, str]] = []  # a heap of these, and of some that are gone

    async def schedule(self, key: str, due: Instant) -> None:
        """See Indexes.schedule."""
        if (due, key) not in self._wakeups:
            self._wakeups.add((due, key))
            heappush(self._in_order, (due, key))

    async def schedule_all(self, wakeups: Sequence[Wakeup]) -> None:
        """See Indexes.schedule_all."""
        for wakeup in wakeups:
            await self.schedule(wakeup.key, wakeup.due)

    async def due(self, now: Instant, limit: int) -> tuple[Wakeup, ...]:
        """See Indexes.due."""
        found: list[tuple[Instant, str]] = []
        while self._in_order and self._in_order[0][0] <= now and len(found) < limit:
            row = heappop(self._in_order)
            if row in self._wakeups and row not in found[-1:]:
                found.append(row)
        for row in found:
            heappush(self._in_order, row)
        return tuple(Wakeup(key, due) for due, key in found)

    async def unschedule(self, wakeups: Sequence[Wakeup]) -> None:
        """See Indexes.unschedule."""
        self._wakeups -= {(wakeup.due, wakeup.key) for wakeup in wakeups}

    async def scheduled(self, wakeup: Wakeup) -> bool:
        """See Indexes.scheduled."""
        return (wakeup.due, wakeup.key) in self._wakeups

    async def apply(self, key: str, effect: IndexEffect) -> None:
        """See Indexes.apply."""
        match effect:
            case IndexMember():
                rows = self._members[effect.segment]
                if key not in rows or rows[key].order < effect.order:
                    rows[key] = effect
            case IndexEnrolment():
                await self.enrol(key, effect)
            case AskEntry():
                await self.ask_entry(key, effect)
            case IndexLink():
                self._links[effect.token] = (key, effect)
            case IndexMessage(message_id=message_id, need=Need() as need):
                await self.note_need(key, message_id, need)
            case _:
                self._rows[place_of(effect)].add(key)

    async def list_members(
        self, segment: str, rows: Mapping[str, IndexMember], left: Collection[str] = ()
    ) -> None:
        """See Indexes.list_members."""
        listed = self._members[segment]
        for key, row in rows.items():
            if row.member or key in listed or key in left:
                await self.apply(key, row)

    async def members(self, segment: str, after: str = "", limit: int | None = None) -> tuple[str, ...]:
        """See Indexes.members."""
        rows = self._members[segment].items()
        return tuple(sorted(key for key, row in rows if row.member and key > after)[:limit])

    async def member_rows(self, segment: str, first: str, last: str) -> tuple[MemberRow, ...]:
        """See Indexes.member_rows."""
        rows = sorted(self._members[segment].items())
        return tuple(MemberRow(key, row.member, row.order) for key, row in rows if first <= key <= last)

    async def drop_member(self, segment: str, key: str) -> None:
        """See Indexes.drop_member."""
        self._members[segment].pop(key, None)

    async def patients_of_reference(self, reference: str) -> tuple[str, ...]:
        """See Indexes.patients_of_reference."""
        return tuple(sorted(self._rows.get(("reference", reference), ())))

    async def patients_of_contact(self, channel: str, address: str) -> tuple[str, ...]:
        """See Indexes.patients_of_contact."""
        return tuple(sorted(self._rows.get(("contact", channel, address), ())))

    async def link(self, token: str) -> tuple[str, IndexLink] | None:
        """See Indexes.link."""
        return self._links.get(token)

    async def patient_of_message(self, message_id: str) -> str | None:
        """See Indexes.patient_of_message."""
        return next(iter(self._rows.get(("message", message_id), ())), None)


class MemoryDocuments:
    """Documents in memory."""

    def __init__(self) -> None:
        self._bodies: dict[tuple[str, str], tuple[bytes, int]] = {}

    async def get(self, kind: str, name: str) -> tuple[bytes, str] | None:
        """See Documents.get."""
        found = self._bodies.get((kind, name))
        return None if found is None else (found[0], str(found[1]))

    async def put(self, kind: str, name: str, body: bytes, etag: str | None) -> str:
        """See Documents.put."""
        check_document(body)
        found = self._bodies.get((kind, name))
        there = "" if found is None else str(found[1])
        if etag is not None and etag != there:
            raise Conflict("another write came first")
        self._bodies[kind, name] = (body, int(there or 0) + 1)
        return str(int(there or 0) + 1)

    async def delete(self, kind: str, name: str) -> None:
        """See Documents.delete."""
        self._bodies.pop((kind, name), None)

    async def all(self, kind: str) -> AsyncIterator[tuple[str, bytes]]:
        """See Documents.all."""
        for name, body in self._in_order(kind):
            yield name, body

    async def page(self, kind: str, after: str = "", limit: int = 100) -> tuple[tuple[str, bytes], ...]:
        """See Documents.page."""
        beyond = (each for each in self._in_order(kind) if row_of(each[0]) > row_of(after))
        return tuple(islice(beyond, limit))

    def _in_order(self, kind: str) -> list[tuple[str, bytes]]:
        held = [(name, body) for (found, name), (body, _) in self._bodies.items() if found == kind]
        return sorted(held, key=lambda each: row_of(each[0]))


class Letter(msgspec.Struct):
    """A message that stands in a memory queue, and how often it was taken."""

    letter_id: str
    body: bytes
    deliveries: int = 0


class MemoryQueue:
    """The Queue port in memory, and what a host does with queues: take, settle, put back."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[Letter]] = defaultdict(deque)
        self._sent = 0

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        """See Queue.send; a delay is not kept, as nothing may depend on one, and nothing is dropped."""
        check_body(body)
        self._sent += 1
        self.queues[queue].append(Letter(f"{queue}-{self._sent}", body))

    def waiting(self) -> list[str]:
        """Return the queues that have messages, by name."""
        return sorted(name for name, letters in self.queues.items() if letters)

    def take(self, queue: str, position: int = 0) -> Letter:
        """Take one message out, by default the oldest; it is gone unless it is put back."""
        letters = self.queues[queue]
        letters.rotate(-position)
        letter = letters.popleft()
        letters.rotate(position)
        letter.deliveries += 1
        return letter

    def put_back(self, queue: str, letter: Letter) -> None:
        """Put a message back that could not be finished."""
        self.queues[queue].append(letter)

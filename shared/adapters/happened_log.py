"""The analytics log over its files: lines are gathered and written together, days folded, questions asked.

`log/DAY/WRITER-PART.jsonl` holds lines of one UTC day as they came; `analytics/DAY.parquet` what was folded.
A line that stands in both, or twice, counts once: shared.adapters.happened_duckdb.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.errors import Conflict, Unavailable
from shared.fhir.instants import Instant, to_datetime
from shared.ports.happened import Folded, HappenedFiles, Line, LogFile, Question, Table
from shared.telemetry import count

if TYPE_CHECKING:
    from shared.adapters.happened_duckdb import Bench

LOG, FOLDED = "log/", "analytics/"
MOST = 100_000
"""Lines that wait to be written at most; beyond that the oldest are lost, and told so."""
MANY = 5_000
"""Lines after which nobody waits for a trigger to be over."""
AGAIN = 3
"""Times that a question is asked whose files were folded meanwhile, and that a full file is followed."""
LANES = 8
"""Files brought here at once."""
_DAYS = 16
"""Days of which a process remembers its files."""

_logger = logging.getLogger("hearthline")
_encode = msgspec.json.Encoder().encode_lines


class FiledLog:
    """Lines in files. One writer a process, each with files of its own."""

    def __init__(self, files: HappenedFiles, scratch: Path | None = None, linger: float = 0.0) -> None:
        """Bring files into the folder `scratch`; wait `linger` seconds for others' lines before a write."""
        self._files, self._scratch, self._linger = files, scratch, linger
        self._waiting: list[Line] = []
        self._writing = asyncio.Lock()
        self._lanes = asyncio.Semaphore(LANES)
        self._writer = uuid4().hex[:12]
        self._parts: dict[str, int] = {}
        self._early: asyncio.Task[None] | None = None
        self._made: Bench | None = None

    def tell(self, lines: Iterable[Line]) -> None:
        """See HappenedLog.tell; of very many some are written at once, so that none need be held for long."""
        self._waiting.extend(lines)
        if len(self._waiting) >= MANY and not self._writing.locked():
            self._early = asyncio.get_running_loop().create_task(self.flush())

    async def flush(self) -> None:
        """See HappenedLog.flush: those who wait while one writes find all of theirs written by the next."""
        if not self._waiting and not self._writing.locked():
            return
        async with self._writing:
            if not self._waiting:
                return
            await asyncio.sleep(self._linger)
            lines, self._waiting = self._waiting, []
            by_day: defaultdict[str, list[Line]] = defaultdict(list)
            for line in lines:
                by_day[day_of(line.at)].append(line)
            for day, some in by_day.items():
                try:
                    await self._append(day, _encode(some))
                except Unavailable as unavailable:
                    self._put_back(some, unavailable)

    def _put_back(self, lines: list[Line], why: Unavailable) -> None:
        """Keep what could not be written for the next flush, as long as there is room."""
        self._waiting[:0] = lines
        lost = max(len(self._waiting) - MOST, 0)
        del self._waiting[:lost]
        _logger.warning("the analytics log cannot be written: %s; %d lines lost", why.reason, lost)
        count("hearthline.analytics", len(lines), outcome="waiting")
        if lost:
            count("hearthline.analytics", lost, outcome="lost")

    async def _append(self, day: str, body: bytes) -> None:
        """Add to this process's file of a day, the next one where that is full."""
        if day not in self._parts and len(self._parts) >= _DAYS:
            del self._parts[next(iter(self._parts))]
        for _ in range(AGAIN):
            part = self._parts.setdefault(day, 0)
            try:
                return await self._files.append(f"{LOG}{day}/{self._writer}-{part}.jsonl", body)
            except Conflict:
                self._parts[day] = part + 1
        raise Unavailable("no file of the analytics log can be added to")

    async def ask(self, question: Question) -> Table:
        """See HappenedLog.ask."""
        first = day_of(question.since)
        for _ in range(AGAIN):
            try:
                folded = [f async for f in self._files.files(FOLDED) if _day(f) >= first]
                fresh = [f async for f in self._files.files(LOG) if _day(f) >= first]
                places = await self._brought(folded), await self._brought(fresh)
            except Conflict:
                continue  # folded meanwhile
            return await self._bench.ask(question, *places)
        raise Unavailable("the analytics log is being folded: ask again")

    async def days(self) -> Mapping[str, int]:
        """See HappenedLog.days."""
        found: dict[str, int] = {_day(file): 0 async for file in self._files.files(FOLDED)}
        async for file in self._files.files(LOG):
            found[_day(file)] = found.get(_day(file), 0) + file.size
        return dict(sorted(found.items()))

    async def fold(self, day: str, without: Collection[str] = ()) -> Folded:
        """See HappenedLog.fold: files of the log go only where nobody has added to them meanwhile."""
        name = f"{FOLDED}{day}.parquet"
        folded = [file async for file in self._files.files(name)]
        fresh = [file async for file in self._files.files(f"{LOG}{day}/")]
        old, new = await self._brought(folded), await self._brought(fresh)
        made, lines, changed = await self._bench.fold(old, new, without)
        try:
            if changed:
                await self._files.put(name, made, folded[0].etag if folded else "")
        finally:
            await asyncio.to_thread(made.unlink)
        for file in fresh:
            await self._files.delete(file)
        return Folded(day, lines, len(fresh))

    async def drop(self, day: str) -> None:
        """See HappenedLog.drop."""
        for prefix in (f"{FOLDED}{day}.parquet", f"{LOG}{day}/"):
            async for file in self._files.files(prefix):
                await self._files.delete(file)

    def parquet(self, table: Table, kinds: Mapping[str, str], notes: Mapping[str, str]) -> bytes:
        """See HappenedLog.parquet."""
        return self._bench.parquet(table, kinds, notes)

    @property
    def _bench(self) -> Bench:
        if self._made is None:
            from shared.adapters.happened_duckdb import Bench  # slow to import, and only for those who ask

            self._made = Bench(self._scratch)
        return self._made

    async def _brought(self, files: Sequence[LogFile]) -> list[Path]:
        """Bring files here that are not, some at once. Raises Conflict."""
        return list(await asyncio.gather(*map(self._bring, files)))

    async def _bring(self, file: LogFile) -> Path:
        place = self._bench.place(file)
        if not place.exists():
            part = place.with_suffix(f".{uuid4().hex[:8]}")
            try:
                async with self._lanes:
                    await self._files.fetch(file, part, grown=file.name.startswith(LOG))
                await asyncio.to_thread(part.rename, place)
            finally:
                await asyncio.to_thread(part.unlink, missing_ok=True)
        return place


def day_of(at: Instant) -> str:
    """Return the UTC day that an instant is of, as files are named."""
    return to_datetime(at).date().isoformat()


def _day(file: LogFile) -> str:
    return file.name.partition("/")[2][:10]

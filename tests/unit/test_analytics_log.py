"""The analytics log: written together, never failing who tells; folding and writing lose nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters import happened_duckdb, happened_log
from shared.adapters.happened_log import FiledLog
from shared.adapters.happened_memory import MemoryHappenedFiles
from shared.errors import Conflict, Unavailable
from shared.ports.happened import LogFile, Question, Table
from tests.unit.analytics_kit import BEGAN, Passage, files_of, lines_of, memory_log

COUNT = Question("SELECT count(*) FROM lines", {}, BEGAN)


class _Slow(MemoryHappenedFiles):
    """Files whose appends wait until they are let go, or fail."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go, self.appends, self.away = asyncio.Event(), asyncio.Event(), 0, False

    async def append(self, name: str, body: bytes) -> None:
        self.appends += 1
        self.begun.set()
        await self.go.wait()
        if self.away:
            raise Unavailable("the blob service answered 503")
        await super().append(name, body)


async def _count(log: FiledLog) -> int:
    return int((await log.ask(COUNT)).rows[0][0])


async def test_many_triggers_share_a_write(tmp_path: Path) -> None:
    files = _Slow()
    log = FiledLog(files, tmp_path)

    async def trigger(number: int) -> None:
        log.tell(Passage(number).lines)
        await log.flush()

    triggers = [asyncio.create_task(trigger(number)) for number in range(10)]
    await files.begun.wait()
    assert not any(task.done() for task in triggers)
    files.go.set()
    await asyncio.gather(*triggers)
    assert files.appends <= 2
    assert await _count(log) == 10


async def test_what_cannot_be_written_waits_and_fails_nobody(tmp_path: Path) -> None:
    files = _Slow()
    files.go.set()
    log = FiledLog(files, tmp_path)
    files.away = True
    log.tell(Passage(1).lines)
    await log.flush()
    files.away = False
    log.tell(Passage(2).lines)
    await log.flush()
    assert await _count(log) == 2


async def test_of_what_waits_too_long_the_oldest_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happened_log, "MOST", 3)
    files = _Slow()
    files.go.set()
    files.away = True
    log = FiledLog(files, tmp_path)
    for number in range(5):
        log.tell(Passage(number).lines)
        await log.flush()
    files.away = False
    await log.flush()
    rows = await log.ask(Question("SELECT enrolment FROM lines ORDER BY ALL", {}, BEGAN))
    assert [row[0] for row in rows.rows] == ["enrolment-2", "enrolment-3", "enrolment-4"]


async def test_of_very_many_lines_some_are_written_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happened_log, "MANY", 3)
    files = _Slow()
    files.go.set()
    log = FiledLog(files, tmp_path)
    log.tell(lines_of([Passage(number) for number in range(3)]))
    await asyncio.wait_for(files.begun.wait(), 5)
    await log.flush()
    assert (files.appends, await _count(log)) == (1, 3)


async def test_a_full_file_is_followed_by_another(tmp_path: Path) -> None:
    class Full(MemoryHappenedFiles):
        async def append(self, name: str, body: bytes) -> None:
            if name in self.held:
                raise Conflict(name)
            await super().append(name, body)

    log = FiledLog(Full(), tmp_path)
    for number in range(3):
        log.tell(Passage(number).lines)
        await log.flush()
    assert len(files_of(log).held) == 3
    assert await _count(log) == 3


async def test_lines_added_while_a_day_is_folded_stay(tmp_path: Path) -> None:
    class Racing(MemoryHappenedFiles):
        async def put(self, name: str, source: Path, etag: str) -> None:
            await super().put(name, source, etag)
            log.tell(Passage(2).lines)
            await log.flush()

    log = FiledLog(Racing(), tmp_path)
    log.tell(Passage(1).lines)
    await log.flush()
    await log.fold("2026-02-20")
    assert await _count(log) == 2


async def test_of_two_who_fold_a_day_one_does(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    log.tell(Passage(1).lines)
    await log.flush()
    found = await asyncio.gather(*(log.fold("2026-02-20") for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in found) < 3
    assert await _count(log) == 1


async def test_a_question_that_takes_too_long_ends(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    log._bench._seconds = 0.05
    endless = "SELECT count(*) FROM range(10_000_000_000) a, range(1000) b WHERE a.range % 7 = b.range % 5"
    with pytest.raises(Unavailable, match="too long"):
        await log.ask(Question(endless, {}, BEGAN))


async def test_files_are_brought_once_for_each_version(tmp_path: Path) -> None:
    class Counting(MemoryHappenedFiles):
        fetched = 0

        async def fetch(self, file: LogFile, target: Path, *, grown: bool = False) -> None:
            self.fetched += 1
            await super().fetch(file, target, grown=grown)

    files = Counting()
    log = FiledLog(files, tmp_path)
    log.tell(Passage(1).lines)
    await log.flush()
    await log.fold("2026-02-20")
    before = files.fetched
    assert [await _count(log) for _ in range(3)] == [1, 1, 1]
    assert files.fetched == before + 1


async def test_files_that_nobody_needs_now_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(happened_duckdb, "KEPT", 0)
    log = memory_log(tmp_path)
    for number in range(2):
        log.tell(Passage(number).lines)
        await log.flush()
        assert await _count(log) == number + 1
        assert [name.suffix for name in _here(tmp_path)] == [".jsonl"]
    await log.fold("2026-02-20")
    assert await _count(log) == 2
    assert [name.suffix for name in _here(tmp_path)] == [".parquet"]


def _here(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_table_is_written_as_parquet_with_what_it_is_true_of(tmp_path: Path) -> None:
    log = memory_log(tmp_path)
    table = Table(["name", "number"], [["it's", 1], [None, None]])
    body = log.parquet(table, {"name": "VARCHAR", "number": "BIGINT"}, {"as_of": "2026-02-20T10:00:00Z"})
    assert body[:4] == body[-4:] == b"PAR1"
    assert b"2026-02-20T10:00:00Z" in body


@settings(max_examples=20, deadline=None)  # each asks a database on disk
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=12), st.integers(0, 12))
def test_however_often_it_is_told_and_folded_nothing_is_lost_or_twice(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, bool]], fold_after: int
) -> None:
    log = memory_log(tmp_path_factory.mktemp("log"))

    async def live() -> int:
        for turn, (number, folds) in enumerate(told):
            log.tell(lines_of([Passage(number).came("wait")]))
            await log.flush()
            if folds or turn == fold_after:
                await log.fold("2026-02-20")
        return await _count(log)

    assert asyncio.run(live()) == 2 * len({number for number, _ in told})

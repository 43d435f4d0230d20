"""Files of the analytics log, and the log over them, in memory and over Azurite: no line lost, none twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from storage_kit import fresh

from shared.adapters.blobs_rest import BlobRest, StorageBlobs
from shared.adapters.happened_blobs import BlobHappenedFiles
from shared.adapters.happened_log import FiledLog
from shared.adapters.happened_memory import MemoryHappenedFiles
from shared.adapters.storage_rest import connection_account
from shared.errors import Conflict
from shared.ports.happened import HappenedFiles, LogFile, Question
from tests.unit.analytics_kit import BEGAN, Passage, lines_of

COUNT = "SELECT kind, count(*) FROM lines GROUP BY kind ORDER BY kind"


@pytest.fixture(params=["memory", "rest"])
async def files(request: pytest.FixtureRequest) -> AsyncIterator[HappenedFiles]:
    """Make an empty place of each kind."""
    if request.param == "memory":
        yield MemoryHappenedFiles()
        return
    account, container = connection_account(request.getfixturevalue("azurite"), "blob"), fresh("happened")
    async with aiohttp.ClientSession() as session:
        rest = BlobRest(account, session)
        await StorageBlobs(rest, container).create()
        yield BlobHappenedFiles(rest, container)


async def listed(files: HappenedFiles, prefix: str = "") -> list[LogFile]:
    return [file async for file in files.files(prefix)]


async def test_what_is_appended_is_fetched_as_long_as_it_was_listed(files, tmp_path):
    await files.append("log/a.jsonl", b"one\n")
    (before,) = await listed(files, "log/")
    await files.append("log/a.jsonl", b"two\n")
    (after,) = await listed(files, "log/")
    for file, body in ((before, b"one\n"), (after, b"one\ntwo\n")):
        await files.fetch(file, tmp_path / "here", grown=True)
        assert (tmp_path / "here").read_bytes() == body
    with pytest.raises(Conflict):
        await files.fetch(before, tmp_path / "here")


async def test_what_was_added_to_since_is_not_deleted(files):
    await files.append("log/a.jsonl", b"one\n")
    (before,) = await listed(files)
    await files.append("log/a.jsonl", b"two\n")
    assert not await files.delete(before)
    (after,) = await listed(files)
    assert await files.delete(after)
    assert await listed(files) == []
    await files.append("log/a.jsonl", b"three\n")
    assert [file.size for file in await listed(files)] == [6]


@pytest.mark.parametrize("size", [1, 10, 9_000_000])
async def test_a_file_is_written_over_what_was_read(files, tmp_path, size):
    source = tmp_path / "source"
    source.write_bytes(b"x" * size)
    await files.put("analytics/a.parquet", source, "")
    with pytest.raises(Conflict):
        await files.put("analytics/a.parquet", source, "")
    (there,) = await listed(files)
    await files.fetch(there, tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == b"x" * size
    source.write_bytes(b"y")
    await files.put("analytics/a.parquet", source, there.etag)
    with pytest.raises(Conflict):
        await files.put("analytics/a.parquet", source, there.etag)
    with pytest.raises(Conflict):
        await files.fetch(there, tmp_path / "here")


async def test_what_is_gone_cannot_be_fetched(files, tmp_path):
    with pytest.raises(Conflict):
        await files.fetch(LogFile("log/none", "0x1", 4), tmp_path / "here", grown=True)


async def test_a_log_answers_the_same_before_and_after_it_is_folded(files, tmp_path):
    log = FiledLog(files, tmp_path)
    log.tell(lines_of([Passage(n).came("wait").message("sent").ended() for n in range(20)]))
    await log.flush()
    question = Question(COUNT, {}, BEGAN)
    before = await log.ask(question)
    (day,) = await log.days()
    folded = await log.fold(day)
    assert (folded.files, folded.lines) == (1, 100)
    assert await log.days() == {day: 0}
    after = await log.ask(question)
    assert [tuple(row) for row in before.rows] == [("journey", 40), ("message", 40), ("step", 20)]
    assert after == before


async def test_lines_that_are_told_again_count_once(files, tmp_path):
    log = FiledLog(files, tmp_path)
    for _ in range(2):
        log.tell(lines_of([Passage(1).came("wait"), Passage(2).came("wait")]))
        await log.flush()
    question = Question(COUNT, {}, BEGAN)
    wanted = [("journey", 2), ("step", 2)]
    assert [tuple(row) for row in (await log.ask(question)).rows] == wanted
    await log.fold("2026-02-20")
    log.tell(lines_of([Passage(1).came("wait")]))
    await log.flush()
    assert [tuple(row) for row in (await log.ask(question)).rows] == wanted
    assert (await log.fold("2026-02-20")).lines == 4


async def test_who_is_left_out_is_in_no_answer_and_no_file(files, tmp_path: Path):
    log, one = FiledLog(files, tmp_path), Passage(1).came("wait")
    log.tell(lines_of([one, Passage(2).came("wait")]))
    await log.flush()
    asked = await log.ask(Question(COUNT, {}, BEGAN, [one.key]))
    assert [tuple(row) for row in asked.rows] == [("journey", 1), ("step", 1)]
    await log.fold("2026-02-20")
    assert (await log.fold("2026-02-20", [one.key])).lines == 2
    await log.drop("2026-02-20")
    assert await log.days() == {}

"""The DeadLetterFiles port, in memory and over Azurite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from msgspec import Struct
from storage_kit import fresh

from shared.adapters.blobs_rest import BlobRest, StorageBlobs
from shared.adapters.dead_letter_blobs import DeadLetterBlobs
from shared.adapters.memory_dead_letters import MemoryDeadLetters
from shared.adapters.storage_rest import connection_account
from shared.ports.running import DeadLetterFiles


class Place(Struct):
    """Files, and what writes one as Event Grid does."""

    files: DeadLetterFiles
    write: Callable[[str, bytes], Awaitable[None]]


@pytest.fixture(params=["memory", "rest"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """Make an empty place of each kind."""
    if request.param == "memory":
        memory = MemoryDeadLetters()
        yield Place(memory, memory.write)
        return
    account = connection_account(request.getfixturevalue("azurite"), "blob")
    async with aiohttp.ClientSession() as session:
        rest, name = BlobRest(account, session), fresh("dead")
        blobs = StorageBlobs(rest, name)
        await blobs.create()

        async def write(file: str, body: bytes) -> None:
            await blobs.put(file, body, "application/json")

        yield Place(DeadLetterBlobs(rest, name), write)


async def test_a_page_goes_on_where_the_one_before_ended(place: Place) -> None:
    names = [f"topic/hearthline-notifications/2026/3/{day}/9/a b.json" for day in range(1, 6)]
    for name in reversed(names):
        await place.write(name, b"[1]")
    found, after, pages = [], "", 0
    while pages == 0 or after:
        page, after = await place.files.page(after, 2)
        found += page
        pages += 1
    assert [each.name for each in found] == names
    assert {each.size for each in found} == {3}
    assert pages == 3


async def test_a_file_is_read_and_removed_once(place: Place) -> None:
    await place.write("a/b.json", b"[1]")
    assert await place.files.get("a/b.json") == b"[1]"
    await place.files.delete("a/b.json")
    await place.files.delete("a/b.json")
    assert await place.files.get("a/b.json") is None
    assert await place.files.page("", 10) == ((), "")


async def test_without_a_container_there_are_none(azurite: str) -> None:
    async with aiohttp.ClientSession() as session:
        rest = BlobRest(connection_account(azurite, "blob"), session)
        none = DeadLetterBlobs(rest, fresh("none"))
        assert await none.page("", 10) == ((), "")
        assert await none.get("a") is None

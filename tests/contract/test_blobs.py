"""The Blobs port, in memory and over Azurite."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import aiohttp
import pytest
from msgspec.structs import replace
from storage_kit import fresh

from shared.adapters.blobs_memory import MemoryBlobs
from shared.adapters.blobs_rest import BlobRest, StorageBlobs
from shared.adapters.storage_rest import connection_account
from shared.errors import Conflict, Unavailable
from shared.ports import Blobs


@pytest.fixture(params=["memory", "rest"])
async def blobs(request: pytest.FixtureRequest) -> AsyncIterator[Blobs]:
    """Make an empty container of each kind."""
    if request.param == "memory":
        yield MemoryBlobs()
        return
    account = connection_account(request.getfixturevalue("azurite"), "blob")
    async with aiohttp.ClientSession() as session:
        made = StorageBlobs(BlobRest(account, session), fresh("blobs"))
        await made.create()
        await made.create()
        yield made


async def names(blobs: Blobs, prefix: str) -> list[str]:
    return [name async for name in blobs.names(prefix)]


@pytest.mark.parametrize("body", [b"", b"%PDF-1.4 \x00\xff", b"x" * 3_000_000])
async def test_what_is_put_is_got(blobs, body):
    await blobs.put("letters/2026-03-02/a.pdf", body, "application/pdf")
    assert await blobs.get("letters/2026-03-02/a.pdf") == body


async def test_what_is_not_there_is_none(blobs):
    assert await blobs.get("letters/none") is None


async def test_put_again_is_over_it(blobs):
    await blobs.put("a", b"1", "text/plain")
    await blobs.put("a", b"2", "text/plain")
    assert await blobs.get("a") == b"2"


async def test_new_is_written_once(blobs):
    await blobs.put("a", b"1", "text/plain", new=True)
    with pytest.raises(Conflict):
        await blobs.put("a", b"2", "text/plain", new=True)
    assert await blobs.get("a") == b"1"


async def test_deleted_is_gone_and_may_be_deleted_again(blobs):
    await blobs.put("a/1", b"1", "text/plain")
    for _ in range(2):
        await blobs.delete("a/1")
    assert await blobs.get("a/1") is None
    assert await names(blobs, "a/") == []


async def test_names_in_their_order(blobs):
    for name in ("b/2", "a/1", "b/1", "bb/1", "b/10"):
        await blobs.put(name, b"x", "text/plain")
    assert await names(blobs, "b/") == ["b/1", "b/10", "b/2"]
    assert await names(blobs, "") == ["a/1", "b/1", "b/10", "b/2", "bb/1"]
    assert await names(blobs, "c") == []


async def test_odd_names(blobs):
    name = "letters/day 1/ä+%&?#.json"
    await blobs.put(name, b"x", "application/json")
    assert await blobs.get(name) == b"x"
    assert await names(blobs, "letters/day 1/") == [name]


async def test_a_wrong_key_is_unavailable(azurite):
    account = connection_account(azurite, "blob")
    async with aiohttp.ClientSession() as session:
        wrong = replace(account, key=base64.b64decode(base64.b64encode(b"wrong" * 8)))
        made = StorageBlobs(BlobRest(wrong, session), "any-container")
        with pytest.raises(Unavailable):
            await made.put("a", b"1", "text/plain")
        with pytest.raises(Unavailable):
            await made.get("a")
        with pytest.raises(Unavailable):
            await made.delete("a")
        with pytest.raises(Unavailable):
            await names(made, "")

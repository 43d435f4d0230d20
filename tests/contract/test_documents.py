"""The Documents port: small bodies by kind and name, written over what one has seen or not at all."""

from __future__ import annotations

import pytest
from storage_kit import PAGED

from shared.errors import Conflict

NAMES = [
    "plain",
    "https://hearthline.example/journeys/o'hara?x=1&y=%2F#frag|1.0.0",
    "back\\slash/and/slash",
    'quote\' "double" `tick`',
    "Überweisung 日本語 👋",
    "=2F",
    "%2F",
    "a=b",
    " space at the ends ",
    "new\nline\ttab",
]


async def test_a_document_that_is_not_there_is_none(documents):
    assert await documents.get("rejection", "x") is None


@pytest.mark.parametrize("name", NAMES)
async def test_any_name_is_found_again_and_walked(documents, name):
    etag = await documents.put("definition", name, b"body", "")
    assert await documents.get("definition", name) == (b"body", etag)
    assert [found async for found in documents.all("definition")] == [(name, b"body")]


async def test_names_that_look_alike_once_encoded_are_kept_apart(documents):
    for name in NAMES:
        await documents.put("definition", name, name.encode(), "")
    assert {name: body async for name, body in documents.all("definition")} == {n: n.encode() for n in NAMES}


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 11 * 65_536])
async def test_a_body_of_any_allowed_size_comes_back(documents, size):
    body = bytes(n % 251 for n in range(size))
    await documents.put("k", "n", body, None)
    found = await documents.get("k", "n")
    assert found is not None
    assert found[0] == body


async def test_a_body_that_is_too_large_is_refused(documents):
    with pytest.raises(ValueError, match="at most"):
        await documents.put("k", "n", bytes(11 * 65_536 + 1), None)


@pytest.mark.parametrize("etag", [None, "seen"])
async def test_a_document_may_shrink(documents, etag):
    first = await documents.put("k", "n", b"x" * 200_000, "")
    second = await documents.put("k", "n", b"short", first if etag else None)
    assert await documents.get("k", "n") == (b"short", second)


async def test_writing_as_new_over_one_that_is_there_is_a_conflict(documents):
    await documents.put("k", "n", b"1", "")
    with pytest.raises(Conflict):
        await documents.put("k", "n", b"2", "")
    assert (await documents.get("k", "n"))[0] == b"1"


async def test_writing_over_what_one_has_seen_moves_on_and_over_what_is_older_is_a_conflict(documents):
    first = await documents.put("k", "n", b"1", "")
    second = await documents.put("k", "n", b"2", first)
    assert second != first
    with pytest.raises(Conflict):
        await documents.put("k", "n", b"3", first)
    assert await documents.get("k", "n") == (b"2", second)
    await documents.put("k", "n", b"3", (await documents.get("k", "n"))[1])


async def test_writing_over_an_etag_of_one_that_is_not_there_is_a_conflict(documents):
    etag = await documents.put("k", "other", b"1", "")
    with pytest.raises(Conflict):
        await documents.put("k", "n", b"1", etag)
    assert await documents.get("k", "n") is None


async def test_writing_regardless_always_goes_through_and_its_etag_holds(documents):
    await documents.put("k", "n", b"1", None)
    etag = await documents.put("k", "n", b"2", None)
    assert (await documents.get("k", "n"))[0] == b"2"
    await documents.put("k", "n", b"3", etag)
    assert (await documents.get("k", "n"))[0] == b"3"


async def test_kinds_are_apart_and_plain_names_come_in_order(documents):
    for name in ("c", "a", "b"):
        await documents.put("one", name, name.encode(), "")
    await documents.put("two", "a", b"other", "")
    assert [found async for found in documents.all("one")] == [("a", b"a"), ("b", b"b"), ("c", b"c")]
    assert [found async for found in documents.all("two")] == [("a", b"other")]
    assert [found async for found in documents.all("three")] == []


@pytest.mark.parametrize("documents", PAGED, indirect=True)
async def test_more_documents_than_a_page_are_walked(documents):
    for number in range(1_010):
        await documents.put("many", f"{number:04d}", b"x", None)
    assert [name async for name, _ in documents.all("many")] == [f"{number:04d}" for number in range(1_010)]


async def test_a_document_that_is_removed_is_gone_and_may_be_removed_again(documents):
    await documents.put("k", "n 1", b"1", "")
    await documents.put("k", "n 2", b"2", "")
    for _ in range(2):
        await documents.delete("k", "n 1")
    assert [name async for name, _ in documents.all("k")] == ["n 2"]
    await documents.put("k", "n 1", b"new", "")


async def test_pages_go_on_where_the_one_before_ended(documents):
    """Names that need escaping in a row key keep their order."""
    names = ["a", "a/b", "a b", "b", "b#1", "c"]
    for name in names:
        await documents.put("paged", name, name.encode(), "")
    await documents.put("pagedmore", "z", b"z", "")
    seen, after = [], ""
    while page := await documents.page("paged", after, 2):
        assert len(page) <= 2
        seen += [name for name, body in page if body == name.encode()]
        after = page[-1][0]
    assert sorted(seen) == sorted(names)
    assert seen == [name async for name, _ in documents.all("paged")]

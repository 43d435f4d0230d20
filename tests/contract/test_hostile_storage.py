"""What somebody sends from outside is never part of a query of storage, whatever characters it has."""

from __future__ import annotations

import contextlib

import pytest

from shared.effects import IndexMember
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant

HOSTILE = (
    "' or PartitionKey ne '",
    "' or RowKey ge '",
    "'') or (PartitionKey ge '",
    "x' and size ge 0 or PartitionKey eq 'other",
    "&$filter=true",
    "%27 or 1 eq 1 or %27",
    "?$top=1000#",
    "\u2019 or true or \u2019",
)
MINE, THEIRS = "a" * 32, "b" * 32


@pytest.mark.parametrize("text", HOSTILE)
async def test_documents_of_another_kind_are_never_found(documents, text):
    await documents.put("mine", "1", b"mine", "")
    await documents.put("other", "1", b"theirs", "")
    assert await documents.get("mine", text) is None
    assert await documents.get(text, "1") is None
    assert [body for _, body in await documents.page("mine", text, 10)] in ([b"mine"], [])
    assert await documents.page(text, "", 10) == ()
    assert [body async for _, body in documents.all(text)] == []


@pytest.mark.parametrize("text", HOSTILE)
async def test_members_of_another_segment_are_never_found(indexes, text):
    for key, segment in ((MINE, "mine"), (THEIRS, "theirs")):
        await indexes.apply(key, IndexMember(segment, True, Instant(0), 1))
    assert THEIRS not in await indexes.members("mine", text, 10)
    assert await indexes.members(text, "", 10) == ()
    assert {row.key for row in await indexes.member_rows("mine", "", text)} <= {MINE}


@pytest.mark.parametrize("text", HOSTILE)
async def test_places_in_rosters_and_links_are_none_of_a_query(indexes, text):
    with contextlib.suppress(Rejected):
        assert await indexes.roster("https://hearthline.example/journeys/none", after=text) == ()
    assert await indexes.roster(text) == ()
    assert await indexes.link(text) is None
    assert await indexes.patient_of_message(text) is None


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_patients_key_reads_that_patient_alone(patients, text):
    with contextlib.suppress(Unavailable, ValueError):  # no service takes every character in a key
        found = await patients.load(text)
        assert found.record.person is None
        assert await patients.messages(text) == ()
        assert await patients.timeline(text) == ()

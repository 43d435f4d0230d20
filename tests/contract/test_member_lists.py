"""The Indexes port in bulk: member lists made right from records, pages of members, many wake-ups at once."""

from __future__ import annotations

import asyncio

import pytest
from storage_kit import PAGED

from shared.effects import IndexMember
from shared.patient.record import patient_key
from shared.ports import Wakeup

SEGMENT = "https://hearthline.example/segments/o'hara|&"
KEYS = sorted(patient_key(f"patient-{n}") for n in range(250))


def row(member: bool, order: int) -> IndexMember:
    return IndexMember(SEGMENT, member, 5, order)


async def test_more_members_than_a_transaction_holds(indexes):
    await indexes.list_members(SEGMENT, {key: row(True, 1) for key in KEYS})
    assert await indexes.members(SEGMENT) == tuple(KEYS)
    await indexes.list_members(SEGMENT, {key: row(False, 2) for key in KEYS[:120]})
    assert await indexes.members(SEGMENT) == tuple(KEYS[120:])


async def test_listing_may_be_repeated_and_a_later_commit_stands(indexes):
    for _ in range(2):
        await indexes.list_members(SEGMENT, {KEYS[0]: row(True, 3), KEYS[1]: row(True, 3)})
    await indexes.apply(KEYS[1], row(False, 4))
    await indexes.list_members(SEGMENT, {KEYS[0]: row(False, 2), KEYS[1]: row(True, 3)})
    assert await indexes.members(SEGMENT) == (KEYS[0],)


async def test_a_row_that_says_so_already_is_dated_anew(indexes):
    """Else a row that is late, of a commit in between, would be taken for the newest."""
    await indexes.apply(KEYS[0], row(True, 3))
    await indexes.list_members(SEGMENT, {KEYS[0]: row(True, 6)})
    await indexes.apply(KEYS[0], row(False, 5))
    assert await indexes.members(SEGMENT) == (KEYS[0],)


async def test_nobody_is_listed_for_not_being_a_member_but_who_left_is(indexes):
    """Who just left keeps a row: the one of their entry may still be on its way."""
    await indexes.list_members(SEGMENT, {KEYS[0]: row(False, 7), KEYS[1]: row(False, 7)}, left=[KEYS[1]])
    for key in KEYS[:2]:
        await indexes.apply(key, row(True, 6))
    assert await indexes.members(SEGMENT) == (KEYS[0],)


async def test_only_the_rows_of_these_keys_change(indexes):
    await indexes.list_members(SEGMENT, {key: row(True, 1) for key in KEYS[:9]})
    await indexes.list_members(SEGMENT, {KEYS[2]: row(False, 2), KEYS[6]: row(False, 2)})
    assert await indexes.members(SEGMENT) == (*KEYS[:2], *KEYS[3:6], *KEYS[7:9])
    await indexes.list_members(SEGMENT, {})
    assert await indexes.members("another") == ()


async def test_lists_made_at_once_end_with_the_latest(indexes):
    later = {key: row(False, 3) for key in KEYS[:50]}
    earlier = {key: row(True, 2) for key in KEYS[:60]}
    await asyncio.gather(
        indexes.list_members(SEGMENT, earlier), indexes.list_members(SEGMENT, later, left=KEYS[:50])
    )
    assert await indexes.members(SEGMENT) == tuple(KEYS[50:60])


@pytest.mark.parametrize("indexes", PAGED, indirect=True)
async def test_members_are_read_page_by_page(indexes):
    await indexes.list_members(SEGMENT, {key: row(True, 1) for key in KEYS})
    await indexes.list_members(SEGMENT, {key: row(False, 2) for key in KEYS[::2]})
    members, found, after = KEYS[1::2], [], ""
    while page := await indexes.members(SEGMENT, after, 40):
        found += page
        after = page[-1]
    assert found == members
    assert await indexes.members(SEGMENT, members[3]) == tuple(members[4:])
    assert await indexes.members(SEGMENT, limit=3) == tuple(members[:3])
    assert await indexes.members(SEGMENT, KEYS[-1], 3) == ()


async def test_many_wakeups_are_scheduled_at_once(indexes):
    wanted = [Wakeup(key, 100 + number % 7) for number, key in enumerate(KEYS)]
    await indexes.schedule_all([*wanted, wanted[0]])
    await indexes.schedule_all(wanted[:10])
    await indexes.schedule_all([])
    assert await indexes.due(200, 1_000) == tuple(sorted(wanted, key=lambda w: (w.due, w.key)))


async def test_more_wakeups_of_one_patient_than_a_transaction_holds(indexes):
    await indexes.schedule_all([Wakeup(KEYS[0], due) for due in range(130)])
    assert [wakeup.due for wakeup in await indexes.due(200, 1_000)] == list(range(130))

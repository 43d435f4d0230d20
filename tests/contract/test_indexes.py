"""The Indexes port: wake-ups in order, projections that can be written again and again."""

from __future__ import annotations

import asyncio

import pytest
from storage_kit import PAGED

from shared.effects import IndexContact, IndexMember, IndexMessage, IndexReference
from shared.patient.record import identify, patient_key
from shared.ports import MemberRow, Wakeup

SEGMENT = "https://hearthline.example/segments/o'hara & co?x=1#y|1.0"


def key(number: int) -> str:
    return patient_key(f"patient-{number}")


async def test_what_is_due_comes_oldest_first_from_every_shard(indexes):
    """Forty patients fall into all shards; the order is by instant, then key."""
    expected = [Wakeup(key(n), 1_000 - n) for n in range(40)]
    await asyncio.gather(*(indexes.schedule(w.key, w.due) for w in expected))
    found = await indexes.due(2_000, 100)
    assert found == tuple(sorted(expected, key=lambda w: w.due))


async def test_the_limit_keeps_the_oldest_of_all_shards(indexes):
    for n in range(30):
        await indexes.schedule(key(n), 100 + n)
    found = [w.due for w in await indexes.due(1_000, 7)]
    assert found == sorted(found)
    assert found[:7] == list(range(100, 107))
    assert await indexes.due(1_000, 0) == ()


async def test_a_wakeup_is_due_at_its_very_instant_and_not_before(indexes):
    await indexes.schedule(key(1), 5_000)
    assert await indexes.due(4_999, 10) == ()
    assert await indexes.due(5_000, 10) == (Wakeup(key(1), 5_000),)


async def test_instants_of_different_lengths_are_in_order(indexes):
    dues = [9, 10, 999_999, 1_000_000, 1_700_000_000_000_000, 9_999_999_999_999_999]
    for due in reversed(dues):
        await indexes.schedule(key(1), due)
    assert [w.due for w in await indexes.due(10**16, 10)] == dues


async def test_scheduling_again_changes_nothing_and_two_instants_of_one_patient_both_stand(indexes):
    for due in (10, 10, 20):
        await indexes.schedule(key(1), due)
    assert [w.due for w in await indexes.due(30, 10)] == [10, 20]


async def test_unscheduling_forgets_one_wakeup_and_may_be_repeated(indexes):
    await indexes.schedule(key(1), 10)
    await indexes.schedule(key(1), 20)
    for _ in range(2):
        await indexes.unschedule([Wakeup(key(1), 10)])
    assert [w.due for w in await indexes.due(30, 10)] == [20]
    await indexes.unschedule([Wakeup(key(2), 10)])


@pytest.mark.parametrize("indexes", PAGED, indirect=True)
async def test_many_wakeups_go_beyond_a_page(indexes):
    """A limit above what one answer holds is still met."""
    for start in range(0, 1_200, 60):
        await asyncio.gather(*(indexes.schedule(key(1), n) for n in range(start, start + 60)))
    assert [w.due for w in await indexes.due(2_000, 1_100)] == list(range(1_100))


async def test_a_segments_members_come_and_go(indexes):
    assert await indexes.members(SEGMENT) == ()
    for n in (2, 1, 2):
        await indexes.apply(key(n), IndexMember(SEGMENT, True, 5, 1))
    assert await indexes.members(SEGMENT) == tuple(sorted([key(1), key(2)]))
    for _ in range(2):
        await indexes.apply(key(1), IndexMember(SEGMENT, False, 6, 2))
    assert await indexes.members(SEGMENT) == (key(2),)
    assert await indexes.members("another") == ()


async def test_a_member_row_that_is_written_late_changes_nothing(indexes):
    """Two triggers may write in the other order than they committed: the later commit stands."""
    await indexes.apply(key(1), IndexMember(SEGMENT, False, 7, 3))
    await indexes.apply(key(1), IndexMember(SEGMENT, True, 6, 2))
    assert await indexes.members(SEGMENT) == ()
    await indexes.apply(key(1), IndexMember(SEGMENT, True, 8, 4))
    await indexes.apply(key(1), IndexMember(SEGMENT, False, 7, 3))
    assert await indexes.members(SEGMENT) == (key(1),)


async def test_member_rows_written_at_once_end_with_the_latest(indexes):
    """Whoever wins the race, the last commit is what is read."""
    flips = [IndexMember(SEGMENT, order % 2 == 0, order, order) for order in range(1, 6)]
    await asyncio.gather(*(indexes.apply(key(1), flip) for flip in reversed(flips)))
    assert await indexes.members(SEGMENT) == ()
    await asyncio.gather(*(indexes.apply(key(1), flip) for flip in flips))
    assert await indexes.members(SEGMENT) == ()


async def test_leaving_a_segment_never_entered_is_no_fault(indexes):
    await indexes.apply(key(1), IndexMember(SEGMENT, False, 6, 2))
    assert await indexes.members(SEGMENT) == ()


async def test_a_shared_resource_is_known_by_all_who_embed_it(indexes):
    for n in (1, 2, 1):
        await indexes.apply(key(n), IndexReference("Location/1"))
    assert await indexes.patients_of_reference("Location/1") == tuple(sorted([key(1), key(2)]))
    assert await indexes.patients_of_reference("Location/11") == ()


async def test_a_contact_point_is_known_by_channel_and_address(indexes):
    for n in (1, 2, 2):
        await indexes.apply(key(n), IndexContact("sms", "+15550100"))
    await indexes.apply(key(3), IndexContact("email", "o'hara+1@example.org"))
    assert await indexes.patients_of_contact("sms", "+15550100") == tuple(sorted([key(1), key(2)]))
    assert await indexes.patients_of_contact("email", "o'hara+1@example.org") == (key(3),)
    assert await indexes.patients_of_contact("email", "+15550100") == ()


async def test_parts_of_an_effect_do_not_run_into_each_other(indexes):
    await indexes.apply(key(1), IndexContact("sms", "1"))
    assert await indexes.patients_of_contact("sms1", "") == ()
    assert await indexes.patients_of_reference("sms1") == ()


async def test_a_message_belongs_to_one_patient(indexes):
    message_id = identify("message", 1)
    assert await indexes.patient_of_message(message_id) is None
    for _ in range(2):
        await indexes.apply(key(1), IndexMessage(message_id))
    assert await indexes.patient_of_message(message_id) == key(1)


@pytest.mark.parametrize("indexes", PAGED, indirect=True)
async def test_a_segment_of_more_members_than_a_page(indexes):
    count = 1_050
    for start in range(0, count, 50):
        numbers = range(start, start + 50)
        await asyncio.gather(*(indexes.apply(key(n), IndexMember(SEGMENT, True, 5, 1)) for n in numbers))
    assert await indexes.members(SEGMENT) == tuple(sorted(key(n) for n in range(count)))


async def test_member_rows_between_two_keys_with_those_who_left(indexes):
    keys = sorted(key(n) for n in range(6))
    for n, each in enumerate(keys):
        await indexes.apply(each, IndexMember(SEGMENT, n % 2 == 0, 5, n))
    found = await indexes.member_rows(SEGMENT, keys[1], keys[4])
    assert found == tuple(MemberRow(keys[n], n % 2 == 0, n) for n in range(1, 5))
    assert await indexes.member_rows(SEGMENT, keys[2], keys[2]) == (MemberRow(keys[2], True, 2),)
    assert await indexes.member_rows("urn:other", keys[0], keys[5]) == ()


async def test_a_member_row_that_is_dropped_is_written_anew_by_any_commit(indexes):
    await indexes.apply(key(1), IndexMember(SEGMENT, True, 5, 99))
    for _ in range(2):
        await indexes.drop_member(SEGMENT, key(1))
    assert await indexes.members(SEGMENT) == ()
    await indexes.apply(key(1), IndexMember(SEGMENT, True, 5, 1))
    assert await indexes.members(SEGMENT) == (key(1),)


async def test_a_wakeup_is_there_until_it_is_consumed(indexes):
    await indexes.schedule(key(1), 10)
    assert await indexes.scheduled(Wakeup(key(1), 10))
    assert not await indexes.scheduled(Wakeup(key(1), 11))
    assert not await indexes.scheduled(Wakeup(key(2), 10))
    await indexes.unschedule([Wakeup(key(1), 10)])
    assert not await indexes.scheduled(Wakeup(key(1), 10))

"""The AuditTrail port: entries chained in lanes, appended by many at once, found by time, patient, caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from storage_kit import PAGED, PORTS, Line, fresh, table_service
from trail_kit import ALWAYS, SECRET, START, an_entry, links_of

from shared.access.chain import LANES, Mark, Sealer, lane_of
from shared.adapters.memory_trail import MemoryLanes, MemoryTrail
from shared.adapters.storage_rest import connection_account
from shared.adapters.table_trail import table_trail
from shared.errors import Unavailable
from shared.fhir.instants import Instant
from shared.ports.trail import AuditTrail, decode_entry

type Two = tuple[AuditTrail, AuditTrail]


@pytest.fixture(params=PORTS)
async def two(request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    """Open one empty trail by two instances."""
    if request.param == "memory":
        lanes = MemoryLanes()
        yield MemoryTrail(lanes, Sealer([SECRET])), MemoryTrail(lanes, Sealer([SECRET]))
        return
    account = connection_account(request.getfixturevalue("azurite"), "table")
    async with table_service(request.param, account) as opened:
        name = fresh("audit")
        await opened.create(name)
        yield table_trail(opened, [SECRET], name), table_trail(opened, [SECRET], name)


@pytest.fixture
def trail(two: Two) -> AuditTrail:
    return two[0]


async def is_whole(trail: AuditTrail) -> bool:
    """Say whether every lane is a chain from its first entry to its head."""
    for lane in range(LANES):
        before = await trail.foot(lane)
        for link in reversed(await trail.page(lane, ALWAYS, 10_000)):
            chained = (link.number, link.previous) == (before.number + 1, before.digest)
            if not (chained and trail.sealer.is_link(link) and link.stamp > before.stamp):
                return False
            before = Mark(lane, link.number, link.stamp, link.digest)
        head = await trail.head(lane)
        if (head.number, head.digest) != (before.number, before.digest):
            return False
        if not trail.sealer.is_mark("head", head):
            return False
    return True


async def test_an_empty_trail_is_whole(trail: AuditTrail) -> None:
    assert await trail.head(0) == Mark(0)
    assert await trail.page(0, ALWAYS, 10) == ()
    assert await is_whole(trail)


async def test_an_entry_comes_back_as_it_was(trail: AuditTrail) -> None:
    await trail.append(an_entry())
    (link,) = await links_of(trail)
    assert decode_entry(link.body) == an_entry()
    assert (link.number, link.previous, link.lane) == (1, "", lane_of("request"))


async def test_entries_of_one_request_follow_each_other_in_one_lane(trail: AuditTrail) -> None:
    for number in (1, 2, 3):
        await trail.append(an_entry(number))
    links = await links_of(trail)
    assert [link.number for link in links] == [1, 2, 3]
    assert {link.lane for link in links} == {lane_of("request")}
    assert await is_whole(trail)


async def test_stamps_grow_where_clocks_go_back(trail: AuditTrail) -> None:
    for number in (9, 3, 3):
        await trail.append(an_entry(number))
    assert [link.stamp for link in await links_of(trail)] == [START + 9, START + 10, START + 11]


async def test_many_at_once_by_two_instances_are_all_there_once(two: Two) -> None:
    entries = [an_entry(number, f"request-{number}") for number in range(120)]
    await asyncio.gather(*(two[number % 2].append(entry) for number, entry in enumerate(entries)))
    links = await links_of(two[0])
    assert sorted(decode_entry(link.body).at for link in links) == [entry.at for entry in entries]
    assert await is_whole(two[0])


async def test_a_page_is_a_range_of_stamps_newest_first(trail: AuditTrail) -> None:
    for number in range(10):
        await trail.append(an_entry(number))
    lane = lane_of("request")
    first = await trail.page(lane, ALWAYS, 3)
    assert [link.number for link in first] == [10, 9, 8]
    assert [link.number for link in await trail.page(lane, first[-1].stamp, 3)] == [7, 6, 5]
    since = await trail.page(lane, Instant(START + 8), 10, since=START + 5)
    assert [link.stamp - START for link in since] == [7, 6, 5]


async def test_entries_are_found_by_patient_and_by_caller(trail: AuditTrail) -> None:
    for number in range(12):
        await trail.append(an_entry(number))
    lane = lane_of("request")
    of_one = await trail.page(lane, ALWAYS, 10, patient=f"{2:032x}")
    assert [link.stamp - START for link in of_one] == [7, 2]
    by_one = await trail.page(lane, ALWAYS, 2, by="somebody-1")
    assert [link.stamp - START for link in by_one] == [10, 7]
    assert await trail.page(lane, ALWAYS, 2, by="some' or 'a' eq 'a") == ()


async def test_rows_that_repeat_entries_are_walked_in_order(trail: AuditTrail) -> None:
    await trail.append(an_entry(1))
    await trail.append(an_entry(2, patient=""))
    lane = lane_of("request")
    copies = await trail.copies(lane, "", 10)
    assert len(copies) == 3
    assert [copy.row for copy in copies] == sorted(copy.row for copy in copies)
    assert await trail.copies(lane, copies[1].row, 10) == copies[2:]
    assert all(trail.sealer.is_link(copy.link) for copy in copies)


@pytest.mark.parametrize(
    "hostile", ["\x00", "\ud800", "a\nb", "'", "/\\#?", "x" * 5000, "\u202e", "👋" * 400]
)
async def test_any_text_is_written_down(trail: AuditTrail, hostile: str) -> None:
    entry = an_entry(request=hostile, by=hostile, patient=hostile, about=(hostile,) * 40, why=hostile)
    await trail.append(entry)
    (link,) = await links_of(trail)
    assert len(link.body) < 40_000
    assert await is_whole(trail)


async def test_pruning_removes_the_oldest_and_leaves_a_whole_trail(trail: AuditTrail) -> None:
    for number in range(8):
        await trail.append(an_entry(number))
    lane = lane_of("request")
    assert await trail.prune(lane, Instant(START + 5)) == 5
    assert [link.number for link in await links_of(trail)] == [6, 7, 8]
    foot = await trail.foot(lane)
    assert (foot.number, trail.sealer.is_mark("foot", foot)) == (5, True)
    assert len(await trail.copies(lane, "", 100)) == 6
    assert await is_whole(trail)
    await trail.append(an_entry(9))
    assert await trail.prune(lane, Instant(START + 5)) == 0
    assert await is_whole(trail)


async def test_pruning_all_keeps_count(trail: AuditTrail) -> None:
    await trail.append(an_entry(1))
    await trail.append(an_entry(2))
    assert await trail.prune(lane_of("request"), Instant(START + 100)) == 2
    await trail.append(an_entry(3))
    assert [link.number for link in await links_of(trail)] == [3]
    assert await is_whole(trail)


@pytest.mark.parametrize("two", PAGED, indirect=True)
async def test_pruning_goes_through_many(trail: AuditTrail) -> None:
    await asyncio.gather(*(trail.append(an_entry(number)) for number in range(150)))
    assert await trail.prune(lane_of("request"), Instant(START + 120)) == 120
    assert len(await links_of(trail)) == 30
    assert await is_whole(trail)


async def test_a_keyed_trail_is_not_continued_without_its_key() -> None:
    lanes = MemoryLanes()
    await MemoryTrail(lanes, Sealer([SECRET])).append(an_entry())
    with pytest.raises(Unavailable, match="HEARTHLINE_AUDIT_SECRETS"):
        await MemoryTrail(lanes).append(an_entry())


async def test_a_new_key_goes_on_where_the_old_one_ended() -> None:
    lanes, other = MemoryLanes(), b"another secret, the first from now on"
    await MemoryTrail(lanes).append(an_entry(1))
    await MemoryTrail(lanes, Sealer([SECRET])).append(an_entry(2))
    trail = MemoryTrail(lanes, Sealer([other, SECRET]))
    await trail.append(an_entry(3))
    assert len({link.key for link in await links_of(trail)}) == 3
    assert await is_whole(trail)


@pytest.fixture
async def line(azurite: str) -> AsyncIterator[tuple[Line, AuditTrail]]:
    """Open a trail over a line that can fail."""
    async with (
        Line(connection_account(azurite, "table")).open() as line,
        table_service("rest", line.account) as opened,
    ):
        name = fresh("audit")
        await opened.create(name)
        yield line, table_trail(opened, [SECRET], name)


@pytest.mark.parametrize("fault", ["lose_request", "lose_answer"])
async def test_after_a_lost_request_or_answer_an_entry_is_there_once_or_refused(
    line: tuple[Line, AuditTrail], fault: str
) -> None:
    faulty, trail = line
    await trail.append(an_entry(1))
    setattr(faulty, fault, True)
    told = 1
    try:
        await trail.append(an_entry(2))
        told += 1
    except Unavailable:
        pass
    await trail.append(an_entry(3))
    ends = [decode_entry(link.body).at - START for link in await links_of(trail)]
    assert ends in ([1, 2, 3], [1, 3] if told == 1 else [1, 2, 3])
    assert await is_whole(trail)


async def test_without_storage_nothing_is_appended(line: tuple[Line, AuditTrail]) -> None:
    faulty, trail = line
    faulty.cut()
    with pytest.raises(Unavailable):
        await trail.append(an_entry())
    await faulty.mend()
    await trail.append(an_entry())
    assert await is_whole(trail)


async def test_a_hundred_at_once_are_few_transactions() -> None:
    lanes = MemoryLanes()
    trail = MemoryTrail(lanes)
    await asyncio.gather(*(trail.append(an_entry(n, f"request-{n}")) for n in range(100)))
    assert lanes.transactions <= 2 * LANES


async def test_whoever_stops_waiting_harms_nobody(trail: AuditTrail) -> None:
    first = asyncio.ensure_future(trail.append(an_entry(1)))
    second = asyncio.ensure_future(trail.append(an_entry(2)))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert (await links_of(trail))[-1].stamp == START + 2
    assert await is_whole(trail)

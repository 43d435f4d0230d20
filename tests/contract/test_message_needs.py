"""The Needs port: messages that need somebody, by state, the newest first, whatever order writes come in."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest
from storage_kit import PAGED

from shared.effects import IndexMessage, Need
from shared.patient.record import identify, patient_key

KEY = patient_key("p1")
JOURNEY = "https://j.example/o'hara"


def need(state: str, order: int = 1, created: int = 100, **more) -> Need:
    said = {"channel": "sms", "journey": f"{JOURNEY}|1", "template": "https://t.example|1"} | more
    return Need(state, created, created + 5, order, **said)


def name(number: int) -> str:
    return identify("message", number)


async def note(indexes, number: int, of: Need, key: str = KEY) -> None:
    await indexes.apply(key, IndexMessage(name(number), of))


async def listed(indexes, state: str, **more) -> list[str]:
    return [row.message_id for row in await indexes.needs(state, **more)]


async def test_a_message_is_listed_as_long_as_it_needs_somebody(indexes):
    assert await indexes.needs("unknown") == ()
    for _ in range(2):
        await note(indexes, 1, need("unknown"))
    (row,) = await indexes.needs("unknown")
    assert (row.key, row.message_id, row.need) == (KEY, name(1), need("unknown"))
    await note(indexes, 1, need("not-done", 2, code="content"))
    assert await indexes.needs("unknown") == ()
    (row,) = await indexes.needs("not-done")
    assert row.need == need("not-done", 2, code="content")
    for _ in range(2):
        await note(indexes, 1, need("", 3))
    assert await indexes.needs("not-done") == ()


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_latest_commit_stands_in_whatever_order_it_is_written(indexes, order):
    """Two triggers may write in another order than they committed."""
    said = [need("waiting", 1), need("unknown", 2), need("", 3)]
    for number in order:
        await note(indexes, 1, said[number])
    for state in ("waiting", "unknown"):
        assert await indexes.needs(state) == ()


async def test_written_at_once_the_latest_commit_stands(indexes):
    said = [need(state, order) for order, state in enumerate(("waiting", "unknown", "failed", "not-done"))]
    await asyncio.gather(*(note(indexes, 1, each) for each in reversed(said)))
    assert await listed(indexes, "not-done") == [name(1)]
    for state in ("waiting", "unknown", "failed"):
        assert await indexes.needs(state) == ()


async def test_the_newest_comes_first_and_one_reads_on_from_a_place(indexes):
    """Also where others come and go in between: nothing is skipped, nothing comes twice."""
    for n in range(9):
        await note(indexes, n, need("unknown", created=100 + n // 2))
    first = await indexes.needs("unknown", limit=4)
    assert [row.need.created for row in first] == [104, 103, 103, 102]
    await note(indexes, 20, need("unknown", created=900))
    await note(indexes, 8, need("", 2, created=104))
    rest = await indexes.needs("unknown", after=first[-1].place, limit=100)
    assert sorted(row.message_id for row in (*first, *rest)) == sorted(name(n) for n in range(9))
    assert [row.need.created for row in rest] == [102, 101, 101, 100, 100]


async def test_one_asks_for_a_channel_a_journey_and_a_time(indexes):
    await note(indexes, 1, need("failed", created=10))
    await note(indexes, 2, need("failed", created=20, channel="email"))
    await note(indexes, 3, need("failed", created=30, journey=f"{JOURNEY}|2"))
    await note(indexes, 4, need("failed", created=40, journey="https://j.example/other|1"))
    assert await listed(indexes, "failed", channel="email") == [name(2)]
    assert await listed(indexes, "failed", journey=JOURNEY) == [name(3), name(2), name(1)]
    assert await listed(indexes, "failed", since=20, until=40) == [name(3), name(2)]
    assert await listed(indexes, "failed", since=20) == [name(4), name(3), name(2)]
    assert await listed(indexes, "failed", until=20) == [name(1)]
    assert await listed(indexes, "failed", since=40, until=20) == []
    assert await listed(indexes, "failed", channel="' or PartitionKey ne '") == []


async def test_what_names_a_patient_is_found_and_dropped(indexes):
    other = patient_key("p2")
    await note(indexes, 1, need("unknown"))
    await note(indexes, 2, need("", 2))
    await note(indexes, 3, need("unknown"), other)
    found = await indexes.traces(KEY, [])
    assert {trace.kind for trace in found} == {"needs"}
    for _ in range(2):
        await indexes.drop_traces(found)
    assert await indexes.traces(KEY, []) == ()
    assert await listed(indexes, "unknown") == [name(3)]


async def test_a_message_that_is_withdrawn_is_listed_no_more(indexes):
    for number, state in enumerate(("unknown", "")):
        await note(indexes, number, need(state))
        await indexes.apply(KEY, IndexMessage(name(number)))
        for _ in range(2):
            await indexes.withdraw(KEY, IndexMessage(name(number)))
    assert await indexes.traces(KEY, []) == ()
    assert await indexes.patient_of_message(name(0)) is None


@pytest.mark.parametrize("indexes", PAGED, indirect=True)
async def test_a_list_of_more_than_one_answer_holds(indexes):
    for start in range(0, 1_050, 50):
        numbers = range(start, start + 50)
        await asyncio.gather(*(note(indexes, n, need("failed", created=n)) for n in numbers))
    found = await indexes.needs("failed", limit=2_000)
    assert [row.need.created for row in found] == list(reversed(range(1_050)))

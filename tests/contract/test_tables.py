"""The table service, through our lean client and Azure's SDK: the same answers to the same questions."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from storage_kit import Line, fresh, table_service

from shared.adapters.tables import MAX_OPERATIONS, TooLarge, Write, literal
from shared.errors import Conflict, Unavailable


@pytest.fixture
async def table(tables):
    """Make an empty table."""
    name = fresh("table")
    await tables.create(name)
    return name


async def test_an_entity_comes_back_as_it_was_written(tables, table):
    properties = {
        "text": "Núñez 'quoted' \"twice\" \\ 日本語\n",
        "empty": "",
        "small": 7,
        "large": 2**62,
        "negative": -(2**40),
        "yes": True,
        "no": False,
        "bytes": bytes(range(256)),
        "nothing": b"",
    }
    etag = await tables.write(table, Write("insert", "p", "r", properties))
    entity, found = await tables.get(table, "p", "r")
    assert entity == {"PartitionKey": "p", "RowKey": "r", **properties}
    assert found == etag
    assert {name: type(value) for name, value in properties.items()} == {
        name: type(entity[name]) for name in properties
    }


@pytest.mark.parametrize("row", ["it's", "a b", "ü", "a=2Fb", "x|y", "a&b+c%20d", "日本"])
async def test_keys_with_odd_letters_are_found_again(tables, table, row):
    await tables.write(table, Write("insert", "o'hara & co", row, {"n": 1}))
    assert (await tables.get(table, "o'hara & co", row))[0]["RowKey"] == row
    condition = f"PartitionKey eq {literal("o'hara & co")}"
    assert [entity["RowKey"] async for entity, _ in tables.query(table, condition)] == [row]
    await tables.transact(table, [Write("merge", "o'hara & co", row, {"n": n}) for n in (2,)])
    await tables.write(table, Write("delete", "o'hara & co", row))
    assert await tables.get(table, "o'hara & co", row) is None


async def test_what_is_not_there_is_none_but_a_table_that_is_not_there_is_a_fault(tables, table):
    assert await tables.get(table, "p", "r") is None
    with pytest.raises(Unavailable, match="TableNotFound"):
        await tables.get("missing", "p", "r")
    with pytest.raises(Unavailable):
        await tables.write("missing", Write("upsert", "p", "r"))
    with pytest.raises(Unavailable):
        await tables.transact("missing", [Write("upsert", "p", "r"), Write("upsert", "p", "s")])
    with pytest.raises(Unavailable):
        _ = [row async for row in tables.query("missing", "PartitionKey eq 'p'")]


async def test_creating_a_table_twice_is_no_fault(tables, table):
    await tables.write(table, Write("insert", "p", "r", {"n": 1}))
    await tables.create(table)
    assert await tables.get(table, "p", "r") is not None


async def test_an_insert_over_a_row_is_a_conflict(tables, table):
    await tables.write(table, Write("insert", "p", "r", {"n": 1}))
    with pytest.raises(Conflict):
        await tables.write(table, Write("insert", "p", "r", {"n": 2}))
    assert (await tables.get(table, "p", "r"))[0]["n"] == 1


async def test_a_merge_keeps_what_it_does_not_name_and_an_upsert_does_not(tables, table):
    first = await tables.write(table, Write("upsert", "p", "r", {"a": 1, "b": 1}))
    second = await tables.write(table, Write("merge", "p", "r", {"b": 2}, first))
    assert second not in {"", first}
    assert (await tables.get(table, "p", "r"))[0] == {"PartitionKey": "p", "RowKey": "r", "a": 1, "b": 2}
    await tables.write(table, Write("upsert", "p", "r", {"c": 3}))
    assert (await tables.get(table, "p", "r"))[0] == {"PartitionKey": "p", "RowKey": "r", "c": 3}


@pytest.mark.parametrize("kind", ["merge", "delete"])
async def test_a_stale_etag_and_a_missing_row_are_conflicts(tables, table, kind):
    stale = await tables.write(table, Write("upsert", "p", "r", {"n": 1}))
    await tables.write(table, Write("upsert", "p", "r", {"n": 2}))
    with pytest.raises(Conflict):
        await tables.write(table, Write(kind, "p", "r", {}, stale))
    with pytest.raises(Conflict):
        await tables.write(table, Write(kind, "p", "missing"))
    assert (await tables.get(table, "p", "r"))[0]["n"] == 2


@pytest.mark.parametrize("bad", ["stale merge", "insert", "missing"])
async def test_a_transaction_that_fails_anywhere_changes_nothing(tables, table, bad):
    stale = await tables.write(table, Write("upsert", "p", "head", {"n": 1}))
    await tables.write(table, Write("upsert", "p", "head", {"n": 2}))
    await tables.write(table, Write("upsert", "p", "kept", {"n": 2}))
    wrong = {
        "stale merge": Write("merge", "p", "head", {"n": 9}, stale),
        "insert": Write("insert", "p", "head", {"n": 9}),
        "missing": Write("merge", "p", "missing", {"n": 9}),
    }[bad]
    others = [
        Write("insert", "p", "new", {"n": 9}),
        Write("merge", "p", "kept", {"n": 9, "m": 9}),
        Write("upsert", "p", "kept2", {"n": 9}),
    ]
    for writes in ([wrong, *others], [*others, wrong]):
        with pytest.raises(Conflict):
            await tables.transact(table, writes)
    rows = {entity["RowKey"]: entity["n"] async for entity, _ in tables.query(table, "PartitionKey eq 'p'")}
    assert rows == {"head": 2, "kept": 2}


async def test_a_transaction_returns_the_etag_of_its_first_write(tables, table):
    first = await tables.transact(table, [Write("insert", "p", "a"), Write("insert", "p", "b")])
    assert (await tables.get(table, "p", "a"))[1] == first
    again = await tables.transact(
        table, [Write("merge", "p", "a", {"n": 1}, first), Write("delete", "p", "b")]
    )
    assert (await tables.get(table, "p", "a"))[1] == again != first
    assert await tables.get(table, "p", "b") is None


async def test_the_most_that_a_transaction_may_hold_goes_through(tables, table):
    writes = [Write("insert", "p", f"{n:03d}", {"n": n}) for n in range(MAX_OPERATIONS)]
    await tables.transact(table, writes)
    rows = [entity["n"] async for entity, _ in tables.query(table, "PartitionKey eq 'p'", "n")]
    assert rows == list(range(MAX_OPERATIONS))


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # the SDK hands over plain bytes
async def test_a_transaction_of_nearly_four_mebibytes_goes_through(tables, table):
    body = {f"b{n}": bytes(60_000) for n in range(12)}
    writes = [Write("insert", "p", str(n), body) for n in range(4)]
    await tables.transact(table, writes)
    assert (await tables.get(table, "p", "3"))[0]["b11"] == bytes(60_000)


@pytest.mark.parametrize(
    "writes",
    [
        [Write("upsert", "p", str(n)) for n in range(MAX_OPERATIONS + 1)],
        [Write("upsert", "p", str(n), {f"b{m}": bytes(60_000) for m in range(14)}) for n in range(4)],
    ],
    ids=["operations", "bytes"],
)
async def test_too_large_a_transaction_is_refused_before_it_is_sent(service, table_account, table, writes):
    async with Line(table_account).open() as line, table_service(service, line.account) as tables:
        line.lose_request = True
        with pytest.raises(TooLarge):
            await tables.transact(table, writes)
        assert line.lose_request, "nothing went over the line"


async def test_a_query_goes_on_beyond_a_page(tables, table):
    """Azure and Azurite answer with at most 1,000 entities at once."""
    for start in range(0, 2_300, 100):
        rows = range(start, start + 100)
        await tables.transact(table, [Write("insert", "p's", f"{n:05d}", {"n": n}) for n in rows])
    everything = f"PartitionKey eq {literal("p's")}"
    assert [entity["n"] async for entity, _ in tables.query(table, everything)] == list(range(2_300))
    assert len([1 async for _ in tables.query(table, everything, "RowKey", 1_500)]) == 1_500
    assert len([1 async for _ in tables.query(table, everything + " and n ge 2290L", "RowKey", 1_500)]) == 10
    assert [entity async for entity, _ in tables.query(table, everything, "RowKey", 0)] == []


async def test_a_query_gives_what_was_selected_with_etags_that_hold(tables, table):
    await tables.write(table, Write("insert", "p", "r", {"n": 1, "m": 2}))
    [(entity, etag)] = [row async for row in tables.query(table, "PartitionKey eq 'p'")]
    assert entity == {"PartitionKey": "p", "RowKey": "r", "n": 1, "m": 2}
    await tables.write(table, Write("merge", "p", "r", {"n": 2}, etag))
    assert [entity async for entity, _ in tables.query(table, "n eq 2L", "m")] == [{"m": 2}]


@pytest.mark.parametrize("fault", ["lose_request", "lose_answer"])
async def test_a_write_is_tried_once_and_a_lost_one_is_unavailable(service, table_account, table, fault):
    """Whether it was carried out is for the caller to find out: a second try would look like a conflict."""
    async with Line(table_account).open() as line, table_service(service, line.account) as tables:
        assert await tables.get(table, "p", "r") is None
        setattr(line, fault, True)
        with pytest.raises(Unavailable):
            await tables.transact(table, [Write("insert", "p", "a"), Write("insert", "p", "b")])
        found = await tables.get(table, "p", "a")
        assert (found is not None) == (fault == "lose_answer")


async def test_a_busy_service_is_not_asked_again_and_its_wish_is_passed_on(service, table_account, table):
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with Line(table_account).open() as line, table_service(service, line.account) as tables:
        for attempt in (
            lambda: tables.get(table, "p", "r"),
            lambda: tables.transact(table, [Write("insert", "p", "a"), Write("insert", "p", "b")]),
        ):
            line.instead = busy
            with pytest.raises(Unavailable) as caught:
                await attempt()
            assert caught.value.retry_after == 7
        assert await tables.get(table, "p", "a") is None


async def test_a_service_that_is_not_there_is_unavailable(service, table_account):
    async with Line(table_account).open() as line:
        closed = line.account
    async with table_service(service, closed) as tables:
        with pytest.raises(Unavailable):
            await tables.get("table", "p", "r")


@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")  # in the SDK
async def test_a_wrong_key_is_unavailable_and_not_a_conflict(service, table_account, table):
    async with table_service(service, replace(table_account, key=b"wrong")) as tables:
        with pytest.raises(Unavailable):
            await tables.get(table, "p", "r")
        with pytest.raises(Unavailable):
            await tables.write(table, Write("insert", "p", "r"))

"""The port Glances: the newest of a patient with the record, and the timeline read backwards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from record_kit import KEY, begun
from storage_kit import a_fact, a_message, deciding, line, noise, with_facts

from benchmarks.organisation.memory_tables import MemoryTables
from shared.adapters.table_newest import MOST_BYTES
from shared.adapters.table_store import TablePatientStore
from shared.adapters.tables import Write
from shared.ports.glance import NEWEST, brief


async def agrees(store, key: str = KEY) -> None:
    """Check that a glance shows what all rows say."""
    seen = await store.glance(key)
    assert seen.record == (await store.load(key)).record
    assert seen.lines == tuple(reversed(await store.timeline(key)))[:NEWEST]
    assert seen.messages == tuple(map(brief, reversed(await store.messages(key))))[:NEWEST]


async def test_nobody_is_seen_where_nobody_is(patients):
    seen = await patients.glance(KEY)
    assert (seen.etag, seen.lines, seen.messages) == ("", (), ())


async def test_the_newest_are_seen_with_the_record(patients):
    stored = await begun(patients, a_fact(1))
    for n in range(15):
        messages = tuple(a_message(3 * n + i, created=100 * n - i, text=noise(50)) for i in range(2))
        decision = deciding(stored.record, line(f"{n}a"), line(f"{n}b"), messages=messages)
        stored = await patients.commit(stored, decision)
        stored = await patients.commit(stored, deciding(with_facts(stored.record, a_fact(n))))
    await agrees(patients)
    late = replace(a_message(0, created=0), status="completed", text="changed")
    await patients.commit(stored, deciding(stored.record, line("late"), messages=(late,)))
    await agrees(patients)


async def test_what_is_dropped_is_seen_no_more(patients):
    stored = await patients.load(KEY, "p1")
    for n in range(30):
        message = a_message(n, created=n)
        decision = deciding(stored.record, line(str(n), at=n), messages=(message,))
        stored = await patients.commit(stored, decision)
    await patients.drop_messages(KEY, [a_message(n).message_id for n in (3, 25, 29)])
    await agrees(patients)
    assert await patients.drop_timeline(KEY, 27) == 27
    await agrees(patients)
    stored = await patients.load(KEY)
    await patients.commit(stored, deciding(stored.record, line("next", at=40), messages=(a_message(40),)))
    await agrees(patients)
    await patients.erase(KEY)
    await agrees(patients)
    assert (await patients.glance(KEY)).lines == ()


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_the_timeline_is_read_backwards_while_it_grows(patients, limit):
    stored = await patients.load(KEY, "p1")
    for n in range(12):
        lines = (line(f"{n}a"), line(f"{n}b")) if n % 3 else ()
        stored = await patients.commit(stored, deciding(with_facts(stored.record, a_fact(n)), *lines))
    wanted = [found.text for found in reversed(await patients.timeline(KEY))]
    found, place = [], ""
    while rows := await patients.lines_before(KEY, place, limit):
        assert len(rows) <= limit
        found += [row.line.text for row in rows]
        place = rows[-1].place
        stored = await patients.commit(stored, deciding(stored.record, line("meanwhile")))
    assert found == wanted


class Counted:
    """A table service that counts what is asked of it."""

    def __init__(self) -> None:
        self.tables = MemoryTables()
        self.asked = 0

    async def create(self, table):
        await self.tables.create(table)

    async def get(self, *words):
        self.asked += 1
        return await self.tables.get(*words)

    async def write(self, *words):
        return await self.tables.write(*words)

    async def transact(self, *words):
        self.asked += 1
        return await self.tables.transact(*words)

    def query(self, *words):
        self.asked += 1
        return self.tables.query(*words)


async def counted() -> tuple[TablePatientStore, Counted]:
    tables = Counted()
    await tables.create("patients")
    return TablePatientStore(tables), tables


async def test_a_glance_is_one_round_trip_however_much_there_is():
    store, tables = await counted()
    stored = await store.load(KEY, "p1")
    facts = [a_fact(n, f"Type{n % 10}") for n in range(5_000)]
    stored = await store.commit(stored, deciding(with_facts(stored.record, *facts), line("first")))
    for n in range(500):
        decision = deciding(stored.record, line(f"told {n}"), messages=(a_message(n, created=n),))
        stored = await store.commit(stored, decision)
    tables.asked = 0
    seen = await store.glance(KEY)
    assert tables.asked == 1
    assert (len(seen.record.facts), len(seen.lines), len(seen.messages)) == (5_000, NEWEST, NEWEST)
    await agrees(store)


async def test_a_commit_asks_storage_for_nothing_more():
    store, tables = await counted()
    stored = await store.load(KEY, "p1")
    tables.asked = 0
    await store.commit(stored, deciding(stored.record, line("first"), messages=(a_message(1),)))
    assert tables.asked == 1


async def test_the_newest_never_crowd_the_record_out():
    """What is too large is left to the rows; what is seen are the latest all the same."""
    store, tables = await counted()
    stored = await store.load(KEY, "p1")
    for n in range(NEWEST):
        stored = await store.commit(stored, deciding(stored.record, line(noise(4_000, n))))
    head = (await tables.get("patients", KEY, f"{KEY}-0"))[0]
    assert len(head["newest"]) <= MOST_BYTES
    seen = await store.glance(KEY)
    assert 0 < len(seen.lines) < NEWEST
    assert seen.lines == tuple(reversed(await store.timeline(KEY)))[: len(seen.lines)]


async def another_release(tables, stored) -> None:
    """Have the head row as a release leaves it that knows nothing of the newest: they stay as they were."""
    found = await tables.get("patients", KEY, f"{KEY}-0")
    changed = {"sequence": int(found[0]["sequence"]) + 1}
    await tables.write("patients", Write("merge", KEY, f"{KEY}-0", changed, found[1]))


STEP = st.sampled_from(["line", "message", "both", "touch", "fact", "old", "drop", "prune"])


@given(st.lists(STEP, max_size=60), st.integers(0, 5))
@settings(deadline=None, max_examples=40)
async def test_whatever_happens_a_glance_shows_what_the_rows_say(steps, seed):
    """Commits of this release and of the one before in turn, messages that change late, rows that go."""
    store, tables = await counted()
    stored = await store.load(KEY, "p1")
    for n, step in enumerate(["line", *steps]):
        messages = (a_message(n, created=n),) if step in ("message", "both") else ()
        if step == "touch":
            known = await store.messages(KEY)
            messages = tuple(replace(each, status="completed") for each in known[seed : seed + 1])
        lines = (line(f"{n}", at=n),) if step in ("line", "both", "touch") else ()
        if step == "drop":
            await store.drop_messages(KEY, [each.message_id for each in (await store.messages(KEY))[seed::7]])
        elif step == "prune":
            await store.drop_timeline(KEY, n // 2)
        elif step == "old":
            await another_release(tables, stored)
        else:
            await store.commit(stored, deciding(stored.record, *lines, messages=messages))
        stored = await store.load(KEY)
        await agrees(store)

"""The patient store in tables: records of several rows, chunks that move, answers that are lost."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from storage_kit import (
    Interrupted,
    Line,
    a_fact,
    a_message,
    deciding,
    fresh,
    line,
    noise,
    table_service,
    with_facts,
)

from shared.adapters.table_store import TablePatientStore
from shared.adapters.tables import TooLarge, literal
from shared.errors import Conflict, Unavailable
from shared.patient.facts import Facts
from shared.patient.record import patient_key

KEY = patient_key("p1")


def rows_of(stored) -> set[int]:
    return {row for row, _ in stored.placement.values()}


async def filled(store, *facts):
    """Commit a first record with these facts."""
    stored = await store.load(KEY, "p1")
    return await store.commit(stored, deciding(with_facts(stored.record, *facts), line("first")))


@pytest.fixture
def many():
    """20,500 facts: more than one row holds."""
    return [a_fact(n, f"Type{n % 7}") for n in range(20_500)]


async def in_several_commits(store, facts):
    """Commit facts a few thousand at a time, as notifications would bring them."""
    stored = await store.load(KEY, "p1")
    for start in range(0, len(facts), 4_100):
        grown = with_facts(stored.record, *facts[start : start + 4_100])
        stored = await store.commit(stored, deciding(grown, line(str(start))))
    return stored


async def test_more_facts_than_a_row_holds_spill_into_further_rows(stored_patients, many):
    committed = await in_several_commits(stored_patients, many)
    assert len(rows_of(committed)) > 1
    loaded = await stored_patients.load(KEY)
    assert loaded == committed
    assert loaded.placement == committed.placement
    assert loaded.record.facts == Facts.of_facts(*many)


async def test_a_change_in_a_further_row_is_guarded_by_the_head(stored_patients, many):
    """A fact of the last row and one of the first, by two writers who saw the same: one of them loses."""
    await in_several_commits(stored_patients, many)
    ours, theirs = await stored_patients.load(KEY), await stored_patients.load(KEY)
    last = a_fact(20_499, "Type3", version="2")
    await stored_patients.commit(theirs, deciding(with_facts(theirs.record, last)))
    with pytest.raises(Conflict):
        await stored_patients.commit(ours, deciding(with_facts(ours.record, a_fact(0, "Type0", version="2"))))
    facts = (await stored_patients.load(KEY)).record.facts
    assert facts.get(last.reference) == last
    assert facts.get(a_fact(0, "Type0").reference).version == "1"


async def test_a_commit_between_the_reads_of_two_rows_is_noticed(tables, many):
    """A load must never mix the state of one commit with the facts of the next."""
    name = fresh("patients")
    await tables.create(name)
    store = TablePatientStore(tables, name)
    stored = await in_several_commits(store, many)
    last = a_fact(20_499, "Type3", version="2")
    moved = replace(with_facts(stored.record, last), catalogue="moved")

    async def meanwhile():
        await store.commit(stored, deciding(moved))

    loaded = await TablePatientStore(Interrupted(tables, meanwhile), name).load(KEY)
    assert loaded.record == replace(moved, sequence=stored.record.sequence + 1)


async def test_a_record_that_is_written_between_all_reads_is_unavailable(tables, many):
    name = fresh("patients")
    await tables.create(name)
    store = TablePatientStore(tables, name)
    stored = await in_several_commits(store, many)
    versions = iter(range(2, 100))

    async def meanwhile():
        nonlocal stored
        last = a_fact(20_499, "Type3", version=str(next(versions)))
        stored = await store.commit(stored, deciding(with_facts(stored.record, last)))

    with pytest.raises(Unavailable):
        await TablePatientStore(Interrupted(tables, meanwhile, times=99), name).load(KEY)


async def test_a_chunk_that_outgrows_its_row_moves_and_moves_back(tables):
    """Thirty types fill a row by what is reserved for them; then one grows beyond that."""
    name = fresh("patients")
    await tables.create(name)
    store = TablePatientStore(tables, name)
    facts = [a_fact(1, f"Type{n:02d}", title=noise(18_000, n)) for n in range(27)]
    await filled(store, *facts)
    stored = await store.load(KEY)
    assert rows_of(stored) == {0}
    large = replace(facts[3], title=noise(280_000))
    moved = await store.commit(stored, deciding(with_facts(stored.record, large)))
    assert moved.placement["Type03_0"][0] == 1
    expected = Facts.of_facts(*(large if fact.reference == large.reference else fact for fact in facts))
    assert (await store.load(KEY)).record.facts == expected
    assert (await store.load(KEY)).placement == moved.placement
    head, _ = await tables.get(name, KEY, f"{KEY}-0")
    assert not head["Type03_0__0"], "nothing of it is left in the row it came from"
    small = await store.commit(moved, deciding(with_facts(moved.record, *facts)))
    assert (await store.load(KEY)).record.facts == Facts.of_facts(*facts)
    assert (await store.load(KEY)).placement == small.placement


async def test_many_large_chunks_never_overfill_a_row(stored_patients):
    """Each commit makes one chunk of many fat: rows stay within what an entity may hold."""
    facts = {n: a_fact(1, f"Type{n:02d}") for n in range(30)}
    stored = await filled(stored_patients, *facts.values())
    for n in range(0, 30, 3):
        facts[n] = replace(facts[n], title=noise(150_000, n))
        stored = await stored_patients.commit(stored, deciding(with_facts(stored.record, facts[n])))
    loaded = await stored_patients.load(KEY)
    assert loaded.record.facts == Facts.of_facts(*facts.values())
    assert loaded.placement == stored.placement


async def test_the_state_grows_beyond_its_room_and_stays_in_the_head_row(stored_patients):
    """Only row 0 is guarded by the ETag, and only there is the state looked for."""
    facts = [a_fact(1, f"Type{n:02d}", title=noise(18_000, n)) for n in range(27)]
    stored = await filled(stored_patients, *facts)
    messages = {f"m{n}": a_message(n, text=noise(30_000, n)) for n in range(8)}
    grown = await stored_patients.commit(stored, deciding(replace(stored.record, messages=messages)))
    assert grown.placement["head"][0] == 0
    loaded = await stored_patients.load(KEY)
    assert loaded.record == grown.record
    assert loaded.placement == grown.placement


async def test_what_a_shrunk_chunk_leaves_behind_takes_no_room(tables):
    name = fresh("patients")
    await tables.create(name)
    store = TablePatientStore(tables, name)
    stored = await filled(store, a_fact(1, title=noise(300_000)))
    await store.commit(stored, deciding(with_facts(stored.record, a_fact(1, title=""))))
    head, _ = await tables.get(name, KEY, f"{KEY}-0")
    assert sum(len(value) for value in head.values() if isinstance(value, bytes)) < 2_000


async def test_a_fact_larger_than_a_row_is_refused(stored_patients):
    stored = await stored_patients.load(KEY, "p1")
    huge = a_fact(1, title=noise(1_200_000))
    with pytest.raises(TooLarge):
        await stored_patients.commit(stored, deciding(with_facts(stored.record, huge)))
    assert (await stored_patients.load(KEY)).etag == ""


async def test_the_rows_of_a_patient_all_stand_in_one_partition(tables):
    name = fresh("patients")
    await tables.create(name)
    store = TablePatientStore(tables, name)
    stored = await filled(store, a_fact(1))
    await store.commit(stored, deciding(stored.record, messages=(a_message(),)))
    rows = [entity async for entity, _ in tables.query(name, f"PartitionKey eq {literal(KEY)}")]
    assert [row["RowKey"] for row in rows] == [f"{KEY}-0", f"{KEY}-m-message-0001", f"{KEY}-t-0000000001"]


@pytest.mark.parametrize("alone", [True, False], ids=["one write", "a transaction"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
async def test_a_commit_whose_answer_was_lost_is_settled_by_reading(
    service, table_account, tables, alone, known
):
    """The nonce in the head says that it is ours: one commit happened, and it can be committed on."""
    name = fresh("patients")
    await tables.create(name)
    if known:
        await filled(TablePatientStore(tables, name), a_fact(1))
    lines = () if alone else (line("lost"),)
    async with Line(table_account).open() as cable, table_service(service, cable.account) as far:
        store = TablePatientStore(far, name)
        stored = await store.load(KEY, "p1")
        cable.lose_answer = True
        stored = await store.commit(stored, deciding(with_facts(stored.record, a_fact(2)), *lines))
        assert not cable.lose_answer, "the answer was lost"
        await store.commit(stored, deciding(stored.record, line("next")))
    loaded = await TablePatientStore(tables, name).load(KEY)
    assert loaded.record.sequence == (3 if known else 2)
    assert a_fact(2).reference in {fact.reference for fact in loaded.record.facts}


@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
async def test_a_commit_that_never_arrived_is_unavailable(service, table_account, tables, known):
    name = fresh("patients")
    await tables.create(name)
    near = TablePatientStore(tables, name)
    if known:
        await filled(near, a_fact(1))
    before = await near.load(KEY, "p1")
    async with Line(table_account).open() as cable, table_service(service, cable.account) as far:
        store = TablePatientStore(far, name)
        stored = await store.load(KEY, "p1")
        cable.lose_request = True
        decision = deciding(with_facts(stored.record, a_fact(2)), line("lost"), messages=(a_message(),))
        with pytest.raises(Unavailable):
            await store.commit(stored, decision)
        assert await near.load(KEY, "p1") == before
        assert await near.messages(KEY) == ()
        await store.commit(stored, decision)
    assert len(await near.messages(KEY)) == 1


async def test_a_lost_answer_to_a_commit_that_lost_the_race_is_not_taken_for_ours(
    service, table_account, tables
):
    """Somebody else's commit stands in the head: ours did not go through, whatever the answer was."""
    name = fresh("patients")
    await tables.create(name)
    near = TablePatientStore(tables, name)
    await filled(near, a_fact(1))
    async with Line(table_account).open() as cable, table_service(service, cable.account) as far:
        store = TablePatientStore(far, name)
        stored, theirs = await store.load(KEY), await near.load(KEY)
        await near.commit(theirs, deciding(with_facts(theirs.record, a_fact(3)), line("theirs")))
        cable.lose_answer = True
        with pytest.raises(Unavailable):
            await store.commit(stored, deciding(with_facts(stored.record, a_fact(2)), line("ours")))
    assert [found.text for found in await near.timeline(KEY)] == ["first", "theirs"]

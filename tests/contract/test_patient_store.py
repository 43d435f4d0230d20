"""The PatientStore port: one consistent record a patient, whoever else writes."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from msgspec.structs import replace
from record_kit import KEY, begun, everything, keys_of, texts
from storage_kit import a_fact, a_message, deciding, line, noise, with_facts

from shared.adapters.tables import TooLarge
from shared.errors import Conflict
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key


def test_the_full_record_leaves_no_field_out():
    record, empty = everything(), PatientRecord(key="", patient_id="")
    for field in msgspec.structs.fields(record):
        assert field.name == "sequence" or getattr(record, field.name) != getattr(empty, field.name), (
            field.name
        )


async def test_a_patient_nobody_knows_has_an_empty_record(patients):
    stored = await patients.load(KEY, "p1")
    assert stored.record == PatientRecord(key=KEY, patient_id="p1")
    assert stored.etag == ""
    assert await patients.message(KEY, "m") is None
    assert await patients.messages(KEY) == ()
    assert await patients.timeline(KEY) == ()
    assert await keys_of(patients) == []


async def test_everything_in_a_record_comes_back(patients):
    record = everything()
    message = a_message(2)
    lines = (line("Grüße: \"9.1 %\" > '9 %' 👋", "Observation/1", at=7), line("second"))
    committed = await patients.commit(
        await patients.load(KEY, "p1"),
        deciding(record, *lines, messages=(record.messages["message-0001"], message)),
    )
    loaded = await patients.load(KEY)
    assert loaded.record == replace(record, sequence=1)
    assert committed.record == loaded.record
    assert loaded.etag == committed.etag != ""
    assert await patients.timeline(KEY) == lines
    assert await patients.message(KEY, "message-0002") == message
    assert await patients.messages(KEY) == (a_message(1), message)


async def test_patients_are_apart(patients):
    keys = sorted(patient_key(f"p{n}") for n in range(5))
    for n, key in enumerate(keys):
        await begun(patients, a_fact(n), key=key)
    assert await keys_of(patients) == keys
    for n, key in enumerate(keys):
        assert (await patients.load(key)).record.facts == Facts.of_facts(a_fact(n))


async def test_a_stale_commit_is_a_conflict_and_leaves_nothing_behind(patients):
    await begun(patients)
    stale, again = await patients.load(KEY), await patients.load(KEY)
    await patients.commit(again, deciding(with_facts(again.record, a_fact(1)), line("theirs")))
    with pytest.raises(Conflict):
        await patients.commit(
            stale, deciding(with_facts(stale.record, a_fact(2)), line("ours"), messages=(a_message(),))
        )
    assert await texts(patients) == ["first", "theirs"]
    assert await patients.messages(KEY) == ()
    assert (await patients.load(KEY)).record.facts == Facts.of_facts(a_fact(1))


async def test_of_many_first_commits_one_wins(patients):
    empty = await patients.load(KEY, "p1")

    async def commit(number: int) -> int | None:
        record = with_facts(empty.record, a_fact(number))
        try:
            await patients.commit(empty, deciding(record, line(str(number)), messages=(a_message(number),)))
        except Conflict:
            return None
        return number

    [winner] = [n for n in await asyncio.gather(*(commit(n) for n in range(5))) if n is not None]
    assert (await patients.load(KEY)).record.facts == Facts.of_facts(a_fact(winner))
    assert await texts(patients) == [str(winner)]
    assert await patients.messages(KEY) == (a_message(winner),)


async def test_what_a_commit_returns_can_be_committed_on(patients):
    """No read in between: the returned ETag and placement are good, and nothing is written twice."""
    stored = await begun(patients, *(a_fact(n) for n in range(300)))
    for n in range(300, 310):
        stored = await patients.commit(stored, deciding(with_facts(stored.record, a_fact(n)), line(str(n))))
        assert not stored.record.facts.changed
    loaded = await patients.load(KEY)
    assert loaded == replace(stored, placement=loaded.placement)
    assert loaded.record.facts == Facts.of_facts(*(a_fact(n) for n in range(310)))
    assert loaded.record.sequence == 11
    assert await texts(patients) == ["first", *(str(n) for n in range(300, 310))]


async def test_a_decision_that_only_moves_state_keeps_all_facts(patients):
    facts = [a_fact(n, kind) for n in range(260) for kind in ("Observation", "Condition")]
    await begun(patients, *facts)
    stored = await patients.load(KEY)
    await patients.commit(stored, deciding(replace(stored.record, catalogue="c2")))
    loaded = await patients.load(KEY)
    assert loaded.record.catalogue == "c2"
    assert loaded.record.facts == Facts.of_facts(*facts)


@pytest.mark.parametrize("number", [0, 255, 256, 511, 512, 599])
async def test_a_fact_in_any_chunk_is_replaced_where_it_stands(patients, number):
    """Chunks hold 256 facts: first and last of each, and of a type beside it."""
    facts = {a_fact(n).reference: a_fact(n) for n in range(600)}
    await begun(patients, *facts.values(), a_fact(1, "Condition"))
    stored = await patients.load(KEY)
    changed = a_fact(number, version="2", gone=True, codes=(), title="")
    await patients.commit(stored, deciding(with_facts(stored.record, changed)))
    loaded = (await patients.load(KEY)).record.facts
    assert list(loaded.of("Observation").values()) == list({**facts, changed.reference: changed}.values())
    assert loaded.of("Condition") == {a_fact(1, "Condition").resource_id: a_fact(1, "Condition")}


async def test_five_thousand_facts_of_ten_types(patients):
    facts = [a_fact(n, f"Type{n % 10}") for n in range(5_000)]
    stored = await begun(patients, *facts)
    assert {row for row, _ in stored.placement.values()} <= {0}, "one round trip loads them"
    stored = await patients.load(KEY)
    assert stored.record.facts == Facts.of_facts(*facts)
    await patients.commit(stored, deciding(with_facts(stored.record, a_fact(5_000, "Type3"))))
    assert len((await patients.load(KEY)).record.facts) == 5_001


async def test_a_chunk_may_shrink(patients):
    await begun(patients, a_fact(1, title=noise(300_000)), a_fact(2))
    stored = await patients.load(KEY)
    await patients.commit(stored, deciding(with_facts(stored.record, a_fact(1, title="short"))))
    assert (await patients.load(KEY)).record.facts == Facts.of_facts(a_fact(1, title="short"), a_fact(2))


async def test_too_many_operations_are_refused_and_nothing_is_written(patients):
    stored = await begun(patients)
    messages = tuple(a_message(n) for n in range(99))
    with pytest.raises(TooLarge):
        await patients.commit(stored, deciding(stored.record, line("x"), messages=messages))
    assert await texts(patients) == ["first"]
    await patients.commit(stored, deciding(stored.record, line("x"), messages=messages[:98]))
    assert len(await patients.messages(KEY)) == 98


async def test_too_many_bytes_are_refused_and_nothing_is_written(patients):
    stored = await begun(patients)
    facts = [a_fact(n, f"Type{n}", title=noise(100_000, n)) for n in range(40)]
    with pytest.raises(TooLarge):
        await patients.commit(stored, deciding(with_facts(stored.record, *facts), line("x")))
    assert (await patients.load(KEY)) == replace(stored, placement=(await patients.load(KEY)).placement)
    await patients.commit(stored, deciding(with_facts(stored.record, *facts[:5]), line("x")))

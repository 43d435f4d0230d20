"""The PatientStore port: pages of records by key, and those that were committed with an old catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from record_kit import begun
from storage_kit import PORTS, a_fact, deciding, fresh, line, noise, table_service, with_facts

from shared.adapters.memory import MemoryPatients
from shared.adapters.storage_rest import connection_account
from shared.adapters.table_store import TablePatientStore
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Behind, PatientStore, Stored

KEYS = sorted(patient_key(f"p{n}") for n in range(12))


@pytest.fixture
async def dozen(patients):
    """Store twelve patients, with messages and timelines between their heads."""
    for number, key in enumerate(KEYS):
        await begun(patients, a_fact(number), key=key)
    return patients


async def keys_in(patients, lower: str, upper: str, limit: int = 100) -> list[str]:
    return [stored.record.key for stored in await patients.range(lower, upper, limit)]


async def test_a_range_has_the_records_between_two_keys(dozen):
    assert await keys_in(dozen, "", "g") == KEYS
    assert await keys_in(dozen, KEYS[2], KEYS[5]) == KEYS[3:5]
    half = "80000000"
    assert await keys_in(dozen, "", half) + await keys_in(dozen, half, "g") == KEYS
    assert await keys_in(dozen, KEYS[-1], "g") == []


async def test_pages_follow_each_other(dozen):
    found, cursor = [], ""
    while page := await dozen.range(cursor, "g", 5):
        cursor = page[-1].record.key
        found.append(len(page))
    assert found == [5, 5, 2]


async def test_what_a_range_reads_is_what_a_load_reads_and_can_be_committed_on(dozen):
    for stored in await dozen.range("", "g", 100):
        assert stored == await dozen.load(stored.record.key)
        after = replace(stored.record, catalogue="2-a")
        await dozen.commit(stored, deciding(after, line("looked at")))
    page = await dozen.range("", "g", 100)
    assert [stored.record.catalogue for stored in page] == ["2-a"] * 12
    assert page[3].record.facts == Facts.of_facts(a_fact(3))


async def test_a_record_of_several_rows_is_read_whole(patients):
    facts = [a_fact(n, f"Type{n}", title=noise(100_000, n)) for n in range(12)]
    await begun(patients, *facts[:6], key=KEYS[0])
    stored = await patients.load(KEYS[0])
    await patients.commit(stored, deciding(with_facts(stored.record, *facts[6:])))
    await begun(patients, key=KEYS[1])
    page = await patients.range("", "g", 10)
    assert [stored.record.key for stored in page] == KEYS[:2]
    assert page[0] == await patients.load(KEYS[0])
    assert page[0].record.facts == Facts.of_facts(*facts)


class Time:
    """Real time, set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(params=PORTS)
async def timed(request: pytest.FixtureRequest) -> AsyncIterator[tuple[PatientStore, Time]]:
    """Make a store whose real time is set by hand; and that time."""
    time = Time()
    if request.param == "memory":
        yield MemoryPatients(time), time
        return
    account = connection_account(request.getfixturevalue("azurite"), "table")
    async with table_service(request.param, account) as opened:
        name = fresh("patients")
        await opened.create(name)
        yield TablePatientStore(opened, name, time), time


async def behind(store, publication: int, since: float) -> list[str]:
    return [key async for key in store.pending(0, Behind(publication, since))]


async def test_who_was_committed_with_an_old_catalogue_since_is_found(timed):
    store, time = timed
    versions = ["", "1-a", "2-b", "10-c"]
    for key, version in zip(KEYS, versions, strict=False):
        stored = await store.load(key, key)
        await store.commit(stored, deciding(replace(stored.record, catalogue=version)))
    assert await behind(store, 2, time.seconds) == KEYS[:2]
    assert await behind(store, 10, time.seconds) == KEYS[:3]
    assert await behind(store, 10, time.seconds + 1) == []
    time.seconds += 60
    stored = await store.load(KEYS[1])
    await store.commit(stored, deciding(stored.record, line("a late report")))
    assert await behind(store, 10, time.seconds - 59) == [KEYS[1]]
    assert [key async for key in store.pending(0)] == []


SPANS = (("", "0b"), ("0b", "g"), ("0a", "0d"), ("0d", "g"))


async def test_work_left_is_looked_for_between_keys(patients: PatientStore) -> None:
    """From the lower one on, and below the upper one: slices side by side see everybody once."""
    for key in ("0a", "0b", "0c"):
        record = PatientRecord(key, key, catalogue="1-x")
        await patients.commit(Stored(record), deciding(record))
    late = Behind(2, 0.0)
    found = [[key async for key in patients.pending(0, late, *span)] for span in SPANS]
    assert found == [["0a"], ["0b", "0c"], ["0a", "0b", "0c"], []]

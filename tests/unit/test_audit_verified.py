"""Verification of the audit trail: whole ones always verify, whatever one does to stored rows is found."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.access.chain import LANES, Sealer, lane_of
from shared.adapters.memory_trail import MemoryLanes, MemoryTrail
from shared.adapters.tables import Write
from shared.errors import Conflict, Unavailable
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry, bounded
from shared.usecases.services import Services
from shared.usecases.trail.checkpoint import checkpoint
from shared.usecases.trail.export import start_export
from shared.usecases.trail.verify import Verified, verify
from tests.unit.memory_kit import Time, in_memory
from tests.unit.trail_tampering import TAMPERINGS, Rows

SECRET = b"a secret of the audit trail for tests"
SEALERS = {"keyed": Sealer([SECRET]), "plain": Sealer()}


def entry(number: int, request: str = "") -> AuditEntry:
    return AuditEntry(
        at=Instant(1_700_000_000_000_000 + number),
        request=request or f"request-{number // 2}",
        operation="getPatient",
        kind="read",
        outcome="done",
        by=f"u{number % 3}",
        patient=("", f"{number % 4:032x}")[number % 5 > 0],
    )


async def told(_: int) -> None:
    return


def over(lanes: MemoryLanes, sealer: Sealer) -> Services:
    return replace(in_memory(Time()), trail=MemoryTrail(lanes, sealer))


async def verified(lanes: MemoryLanes, sealer: Sealer = SEALERS["keyed"]) -> Verified:
    return await verify(over(lanes, sealer), told)


async def left(count: int, sealer: Sealer = SEALERS["keyed"]) -> MemoryLanes:
    """Return the rows of a trail with some entries and a checkpoint."""
    lanes = MemoryLanes()
    services = over(lanes, sealer)
    for number in range(count):
        await services.trail.append(entry(number))
    await checkpoint(services)
    return lanes


class Failing(MemoryLanes):
    """Rows that refuse and lose what is written, now and then, and let others go first."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def transact(self, lane: int, writes: Sequence[Write]) -> str:
        await asyncio.sleep(0)
        fate = self._chance.random()
        if fate < 0.15:
            raise Unavailable("the request was lost")
        if fate < 0.25:
            raise Conflict("somebody else was first")
        etag = await super().transact(lane, writes)
        await asyncio.sleep(0)
        if fate < 0.4:
            raise Unavailable("the answer was lost")
        return etag


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 60), sealer=st.sampled_from(sorted(SEALERS)))
async def test_a_trail_that_nobody_touched_always_verifies(seed: int, count: int, sealer: str) -> None:
    """With three instances at once, requests and answers that are lost, and what was told is there."""
    lanes = Failing(random.Random(seed))
    trails = [MemoryTrail(lanes, SEALERS[sealer]) for _ in range(3)]
    for trail in trails:
        trail._pause = lambda _: asyncio.sleep(0)  # type: ignore[method-assign]
    entries = [entry(number) for number in range(count)]
    outcomes = await asyncio.gather(
        *(trails[number % 3].append(each) for number, each in enumerate(entries)), return_exceptions=True
    )
    lanes._chance = random.Random(1)
    lanes.transact = MemoryLanes.transact.__get__(lanes)  # type: ignore[method-assign]
    found = await verified(lanes, SEALERS[sealer])
    assert found.sound, found.fault
    assert found.unkeyed == (found.entries if sealer == "plain" else 0)
    stored = {bytes(row["body"]) for (_, name), row in lanes.rows.items() if name.startswith("e-")}  # type: ignore[arg-type]
    from shared.ports.trail import encode_entry

    said = [each for each, outcome in zip(entries, outcomes, strict=True) if outcome is None]
    assert {encode_entry(bounded(each)) for each in said} <= stored
    assert found.entries <= count


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(12, 40),
    tamper=st.sampled_from(TAMPERINGS),
    sealer=st.sampled_from(sorted(SEALERS)),
)
async def test_whatever_is_done_to_stored_rows_is_found(
    seed: int, count: int, tamper: Callable[[Rows, random.Random], None], sealer: str
) -> None:
    lanes = await left(count, SEALERS[sealer])
    tamper(lanes.rows, random.Random(seed))  # type: ignore[arg-type]
    found = await verified(lanes, SEALERS[sealer])
    assert found.fault is not None


async def test_a_lane_that_was_put_back_to_an_earlier_state_is_found_by_the_others() -> None:
    """All its rows are genuine: only what checkpoints say elsewhere tells."""
    lanes = await left(30)
    lane = lane_of("request-3")
    before = deepcopy({place: row for place, row in lanes.rows.items() if place[0] == lane})
    services = over(lanes, SEALERS["keyed"])
    await services.trail.append(entry(7, "request-3"))
    await checkpoint(services)
    lanes.rows = {place: row for place, row in lanes.rows.items() if place[0] != lane} | before
    fault = (await verified(lanes)).fault
    assert fault is not None
    assert (fault.lane, "cut off" in fault.what) == (lane, True)


async def test_it_stays_found_after_the_next_checkpoint() -> None:
    lanes = await left(30)
    lane = lane_of("request-3")
    before = deepcopy({place: row for place, row in lanes.rows.items() if place[0] == lane})
    services = over(lanes, SEALERS["keyed"])
    await services.trail.append(entry(7, "request-3"))
    await checkpoint(services)
    lanes.rows = {place: row for place, row in lanes.rows.items() if place[0] != lane} | before
    await checkpoint(over(lanes, SEALERS["keyed"]))
    assert (await verified(lanes)).fault is not None


async def test_a_whole_trail_that_was_put_back_is_found_by_the_fhir_server() -> None:
    from shared.usecases.operations.running import Progress
    from shared.usecases.trail.export import export_work

    lanes = await left(10)
    before = deepcopy(lanes.rows)
    services = over(lanes, SEALERS["keyed"])
    await services.trail.append(entry(20))
    work = await start_export(services)
    await export_work(services, work, Progress(services, work))
    assert (await verify(services, told)).fhir == "agrees"
    lanes.rows = before
    found = await verify(replace(services, trail=MemoryTrail(lanes, SEALERS["keyed"])), told)
    assert found.fault is not None
    assert "FHIR server" in found.fault.what


async def test_without_the_secret_nothing_can_be_made_up() -> None:
    """Somebody who can write computes all digests anew, but has no key."""
    lanes, forged = await left(30), MemoryLanes()
    trail = MemoryTrail(forged, Sealer([b"a secret of whoever wants to deceive"]))
    for number in range(20):
        await trail.append(entry(number))
    lanes.rows = forged.rows
    fault = (await verified(lanes)).fault
    assert fault is not None
    assert "not among HEARTHLINE_AUDIT_SECRETS" in fault.what


async def test_entries_without_a_key_are_counted_and_none_may_follow_one_with_a_key() -> None:
    lanes = await left(10, SEALERS["plain"])
    made = len([row for _, row in lanes.rows if row.startswith("e-")])
    keyed = over(lanes, SEALERS["keyed"])
    await checkpoint(keyed)
    found = await verify(keyed, told)
    assert (found.sound, found.unkeyed) == (True, made)
    plain = MemoryTrail(lanes, SEALERS["plain"])
    plain._read_head = _regardless(plain)  # type: ignore[method-assign]
    await plain.append(entry(3, "request-3"))
    fault = (await verified(lanes)).fault
    assert fault is not None
    assert fault.what == "an entry without a key follows one with a key"


def _regardless(trail: MemoryTrail) -> object:
    async def read_head(lane: object) -> object:
        from shared.adapters.trail_upkeep import read_mark

        return await read_mark(trail._rows, "head", lane.lane)  # type: ignore[attr-defined]

    return read_head


@pytest.mark.parametrize("sealer", SEALERS.values(), ids=SEALERS)
async def test_a_pruned_trail_verifies_also_where_a_crash_left_rows(sealer: Sealer) -> None:
    lanes = await left(60, sealer)
    trail = MemoryTrail(lanes, sealer)
    kept = dict(lanes.rows)
    for lane in range(LANES):
        await trail.prune(lane, Instant(1_700_000_000_000_030))
    assert (await verified(lanes, sealer)).sound
    crashed = {place: row for place, row in kept.items() if place not in lanes.rows}
    stamps = sorted({row.rpartition("-")[2] for _, row in crashed})[::3]
    lanes.rows |= {place: row for place, row in crashed.items() if place[1].rpartition("-")[2] in stamps}
    found = await verified(lanes, sealer)
    assert found.sound, found.fault
    for lane in range(LANES):
        await trail.prune(lane, Instant(1_700_000_000_000_030))
    assert not set(crashed) & set(lanes.rows)


async def test_entries_that_come_while_it_is_verified_do_no_harm() -> None:
    lanes = await left(40)
    services = over(lanes, SEALERS["keyed"])
    more = iter(range(100, 200))

    async def meanwhile(_: int) -> None:
        for _ in range(3):
            await services.trail.append(entry(next(more)))

    found = await verify(services, meanwhile)
    assert found.sound, found.fault
    assert (await verified(lanes)).sound


async def test_a_trail_from_a_backup_is_put_right() -> None:
    """The head was read before entries were appended that are in the backup too, but for some rows."""
    lanes = await left(20)
    heads = {place: row for place, row in lanes.rows.items() if place[1] == "0-head"}
    services = over(lanes, SEALERS["keyed"])
    for number in range(20, 30):
        await services.trail.append(entry(number))
    lanes.rows |= heads
    newest = sorted(place for place in lanes.rows if place[1].startswith("e-"))
    del lanes.rows[newest[0]]
    assert not (await verified(lanes)).sound
    trail = MemoryTrail(lanes, SEALERS["keyed"])
    for lane in range(LANES):
        await trail.settle(lane)
    found = await verified(lanes)
    assert found.sound, found.fault

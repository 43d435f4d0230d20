"""Exports of the audit trail: each entry is told once it was appended, whatever breaks off in between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.adapters.memory_fhir import MemoryFhir
from shared.errors import Unavailable
from shared.fhir.instants import Instant
from shared.ports.trail import AuditEntry
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.services import Services
from shared.usecases.trail import export
from shared.usecases.trail.anchor import ANCHOR, read_anchor
from shared.usecases.trail.checkpoint import heads
from shared.usecases.trail.export import export_work, exported, start_export
from shared.usecases.trail.verify import verify
from tests.unit.memory_kit import Time, in_memory


class Failing(MemoryFhir):
    """A FHIR server that breaks off after so many writes, once for each number."""

    def __init__(self, clock: Time, breaks: list[int]) -> None:
        super().__init__(clock)
        self._breaks = breaks
        self.writes = 0

    async def update(self, resource: Any, if_match: str | None = None) -> str:
        if self._breaks and self.writes >= self._breaks[0]:
            self._breaks.pop(0)
            raise Unavailable("the FHIR server is away")
        self.writes += 1
        return await super().update(resource, if_match)


async def append(services: Services, count: int, begin: int = 0) -> None:
    for number in range(begin, begin + count):
        entry = AuditEntry(
            Instant(1_772_442_000_000_000 + number), f"r{number // 2}", "getPatient", "read", "done", "u1"
        )
        await services.trail.append(entry)


async def to_the_end(services: Services) -> int:
    """Do the work again from where it was written down, as the queue does."""
    work: LongWork = await start_export(services)
    while True:
        progress = Progress(services, work)
        try:
            return int((await export_work(services, work, progress))["written"])
        except Unavailable:
            work = progress.work


async def told(services: Services) -> set[str]:
    """Return the digests of the entries that the server knows."""
    found = set()
    async for event in services.fhir.search("AuditEvent", {}):
        if event["id"] != ANCHOR:
            details = event["entity"][-1]["detail"]  # type: ignore[index]
            found |= {each["valueString"] for each in details if each["type"] == "digest"}
    return found


async def digests(services: Services) -> set[str]:
    return {link.digest for lane in range(8) for link in await services.trail.page(lane, 10**18, 10_000)}


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    breaks=st.lists(st.integers(0, 60), max_size=5),
)
async def test_whatever_breaks_off_every_entry_is_told_once(counts: list[int], breaks: list[int]) -> None:
    clock = Time()
    fhir = Failing(clock, sorted(breaks))
    services = replace(in_memory(clock), fhir=fhir)
    made = 0
    for count in counts:
        await append(services, count, made)
        made += count
        clock.passes(1_000_000)
        await to_the_end(services)
        assert await told(services) == await digests(services)
    state, _ = await exported(services)
    assert state.stamps == {head.lane: head.stamp for head in await heads(services)}
    assert {claim.number for claim in await read_anchor(fhir)} <= set(range(1, made + 1))


async def test_an_export_goes_on_within_a_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane of more entries than one function can write in its time comes to an end all the same."""
    monkeypatch.setattr(export, "PAGE", 10)
    clock = Time()
    fhir = Failing(clock, [25, 55, 85])
    services = replace(in_memory(clock), fhir=fhir)
    for number in range(100):
        await services.trail.append(AuditEntry(Instant(number + 1), "same", "getMe", "read", "done", "u1"))
    await to_the_end(services)
    assert await told(services) == await digests(services)
    assert fhir.writes <= 101 + 3 * 10


async def test_a_server_that_lost_what_it_was_told_is_noticed() -> None:
    clock = Time()
    services = in_memory(clock)
    await append(services, 3)
    await to_the_end(services)
    forgetful = replace(services, fhir=MemoryFhir(clock))

    async def looked_at(_: int) -> None:
        return

    assert (await verify(services, looked_at)).fhir == "agrees"
    assert (await verify(forgetful, looked_at)).fhir == "gone"

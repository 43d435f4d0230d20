"""Timer triggers on a clock that jumps: when they fire, past due, never twice at once, how far they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import ModuleType

import pytest
from host_support import ManualClock, hosted

from sandbox.functions_host.host import FunctionsHost
from sandbox.functions_host.timers import Timers
from shared.fhir.instants import DAY, MINUTE, SECOND, parse_instant

START = parse_instant("2024-01-10T10:02:00Z")
FIRST = parse_instant("2024-01-10T10:05:00Z")  # of "0 */5 * * * *"

type Parts = tuple[FunctionsHost, ModuleType, ManualClock, Timers]


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    """Run a host whose timers only look when told to; the one that runs at startup has run."""
    clock = ManualClock(START)
    async with hosted(clock=clock) as (host, app):
        await look(host)
        assert app.seen == [("startup", False)]
        app.seen.clear()
        yield host, app, clock, host._timers


async def look(host: FunctionsHost) -> None:
    host._timers.look()
    await host.drain(5)
    host._timers.look()


async def test_a_timer_fires_once_at_its_occurrence(parts: Parts) -> None:
    host, app, clock, _ = parts
    for instant, fired in ((FIRST - 1, 0), (FIRST, 1), (FIRST + SECOND, 1), (FIRST + 5 * MINUTE, 2)):
        clock.instant = instant
        await look(host)
        assert app.seen == [("tick", False)] * fired
        assert host.caught_up_to == instant


async def test_a_jump_over_many_occurrences_fires_once_past_due(parts: Parts) -> None:
    host, app, clock, _ = parts
    clock.instant = START + 3 * DAY
    await look(host)
    assert sorted(app.seen) == [("startup", True), ("tick", True)]  # the daily one has missed three, too
    clock.instant += 5 * MINUTE
    await look(host)
    assert app.seen[2:] == [("tick", False)]


async def test_a_timer_never_overlaps_itself_and_makes_up_once(parts: Parts) -> None:
    host, app, clock, timers = parts
    app.slow.append(True)
    clock.instant = FIRST
    timers.look()
    await host.drain(0.01)
    for _ in range(4):
        clock.instant += 5 * MINUTE
        timers.look()
    assert app.seen == [("tick", False)]
    assert host.caught_up_to == FIRST - 1
    app.gate.set()
    await look(host)
    await look(host)
    assert app.seen == [("tick", False), ("tick", True)]
    assert host.caught_up_to == clock.instant


async def test_a_clock_put_back_fires_again_from_there(parts: Parts) -> None:
    host, app, clock, _ = parts
    clock.instant = FIRST
    await look(host)
    clock.instant = FIRST - 2 * MINUTE
    await look(host)
    clock.instant = FIRST
    await look(host)
    assert app.seen == [("tick", False)] * 2


async def test_firing_by_hand(parts: Parts) -> None:
    host, app, _, _ = parts
    assert (await host.fire_timer("ticks")).ok
    assert app.seen == [("tick", False)]
    with pytest.raises(KeyError):
        await host.fire_timer("works")


async def test_the_poller_sees_the_clock_move() -> None:
    clock = ManualClock(START)
    environ = {"AzureWebJobs.works.Disabled": "1", "AzureWebJobs.bus_one.Disabled": "1",
               "AzureWebJobs.bus_many.Disabled": "1", "AzureWebJobs.enqueue.Disabled": "1",
               "FIXTURE_SCHEDULE": "0 */5 * * * *"}  # fmt: skip
    async with hosted(clock=clock, triggers=True, environ=environ) as (_, app):
        app.slow.append(True)
        clock.instant = FIRST
        await app.ticked.wait()
        app.gate.set()
        assert ("tick", False) in app.seen

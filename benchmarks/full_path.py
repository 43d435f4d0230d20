"""Changes a second from Event Grid's POST to the message at ACS, beside the bare operations, turn by turn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from statistics import median

from benchmarks import people
from benchmarks.bare import Bare, Work
from benchmarks.feed import Fed, feed
from benchmarks.recorder import record_change
from benchmarks.report import Json, at_least, at_most, tidy
from benchmarks.sizes import Sizes
from benchmarks.world import World, store_patients

FEW = 50
"""One change in so many sends a message where few do."""
ROUNDS = 500_000
"""Where the numbers of the throughput rounds' patients begin."""
BARE = 1_000_000
"""Where the numbers of the bare operations' patients begin: their records are overwritten blindly."""
_numbers = count(1)

type Tell = Callable[[str], object]


async def measure(world: World, sizes: Sizes, tell: Tell) -> dict[str, Json]:
    """Measure where every change sends a message, and where one in fifty does."""
    tell("patients")
    for first in (ROUNDS, BARE):
        await store_patients(world.services, range(first, first + sizes.patients + 2), sizes.facts)
    spare = ROUNDS + sizes.patients
    loud = await record_change(world.services, world.tables, spare, sends=True)
    silent = await record_change(world.services, world.tables, spare + 1, sends=False)
    bare = Bare(world, loud, silent)
    await warm_up(world, sizes.warm_up, sizes.patients, ROUNDS)
    return {
        "every_change_sends": await _case(world, bare, sizes, (sizes.all_send, 1), tell),
        "few_changes_send": await _case(world, bare, sizes, (sizes.few_send, FEW), tell),
        "operations_of_a_change": bare.operations,
    }


async def warm_up(world: World, changes: int, patients: int, first: int) -> None:
    """Let the host import what it defers and open its connections, and everything get up to speed."""
    await feed(world, [work.observation for work in works(changes, patients, 2, first)])


async def _case(world: World, bare: Bare, sizes: Sizes, size: tuple[int, int], tell: Tell) -> Json:
    changes, every = size
    full: list[Fed] = []
    plain: list[Fed] = []
    for number in range(sizes.rounds):
        tell(f"full path, 1 in {every} sends, round {number + 1} of {sizes.rounds}")
        work = works(changes, sizes.patients, every, ROUNDS)
        full.append(await feed(world, [one.observation for one in work]))
        tell(f"bare operations, 1 in {every} sends, round {number + 1} of {sizes.rounds}")
        plain.append(await bare.run(works(changes, sizes.patients, every, BARE)))
    return summary(full, plain, 150 if every == 1 else 250)


def summary(full: list[Fed], plain: list[Fed], target: float) -> Json:
    """Hold the rounds to the targets: the rate by the best round, the ratio by the middle one."""
    ratios = [one.seconds / other.seconds for one, other in zip(full, plain, strict=True)]
    host = [1000 * one.cpu["host"] / one.changes for one in full]
    return {
        "changes_per_second": at_least(max(one.rate for one in full), target),
        "ratio_to_bare": at_most(median(ratios), 1.5),
        "worker_cpu_ms_per_change": at_most(min(host), 3.0),
        "rates": [tidy(one.rate) for one in full],
        "bare_rates": [tidy(one.rate) for one in plain],
        "ratios": [tidy(ratio) for ratio in ratios],
        "worker_cpu_ms": [tidy(ms) for ms in host],
        "cores_of_others": [tidy(one.others / one.seconds) for one in full],
        "messages": sum(one.messages for one in full),
        "failed": sum(one.failed for one in full),
        "cpu_ms_per_change": _cpu(full),
        "bare_cpu_ms_per_change": _cpu(plain),
        "cpu_ratio_to_bare": tidy(min(_total(one) for one in full) / min(_total(one) for one in plain)),
        "rate_if_cpu_were_all": tidy(2 / min(_total(one) for one in full)),
    }


def _cpu(fed: list[Fed]) -> Json:
    """CPU by process, in the round that needed least."""
    least = min(fed, key=_total)
    return {name: tidy(1000 * used / least.changes) for name, used in least.cpu.items()}


def _total(fed: Fed) -> float:
    return sum(fed.cpu.values()) / fed.changes


def works(changes: int, patients: int, every: int, first: int = 0) -> list[Work]:
    """Make up new Observations, patient after patient from `first` on; one in `every` sends."""
    return [_work(next(_numbers), patients, every, first) for _ in range(changes)]


def _work(number: int, patients: int, every: int, first: int) -> Work:
    sends = number % every == 0
    return Work(people.observation_id(first + number % patients, number // patients, sends), sends)

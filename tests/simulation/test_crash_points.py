"""A crash at each named point, one after the other: the history must end as if nothing had been."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from tests.simulation import run
from tests.simulation.faults import POINTS, Faults
from tests.simulation.happenings import Phase
from tests.simulation.hospital import Hospital

SEEDS = (15, 89, 125)
"""Of histories that pass every point among them, but for what only faults bring about."""
RARE = ("queue.send.outbox:before", "queue.send.outbox:after")
"""Passed only where something was left behind: test_regressions.py tells the story of each."""
STEADY = tuple(point for point in POINTS if point not in RARE)


@cache
def _history(seed: int) -> tuple[Phase, ...]:
    return Hospital(seed).history(8, calm=True)


@cache
def _undisturbed(seed: int) -> run.Outcome:
    return run.calm(seed, _history(seed), Faults(Random()))


def _visits(seed: int, point: str) -> int:
    return _undisturbed(seed).world.faults.visits[point]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_undisturbed_history_breaks_nothing(seed):
    assert _undisturbed(seed).broken == []


def test_the_histories_pass_every_point():
    assert [point for point in STEADY if not any(_visits(seed, point) for seed in SEEDS)] == []


@pytest.mark.parametrize("point", STEADY)
def test_a_crash_changes_nothing(point):
    seed = next(seed for seed in SEEDS if _visits(seed, point))
    target = (point, Random(point).randrange(_visits(seed, point)))
    disturbed = run.calm(seed, _history(seed), Faults(Random(), target=target))
    assert disturbed.world.faults.crashed_at() == {point}
    assert disturbed.broken == []
    assert run.compare(_undisturbed(seed).world, disturbed.world) == []

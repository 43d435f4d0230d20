"""A crash at each named point, one after the other: the history must end as if nothing had been."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from tests.simulation import run
from tests.simulation.faults import POINTS, Faults
from tests.simulation.happenings import Phase
from tests.simulation.hospital import Hospital

SEED = 36
"""Of a history that passes every point."""


@cache
def _history() -> tuple[Phase, ...]:
    return Hospital(SEED).history(8, calm=True)


@cache
def _undisturbed() -> run.Outcome:
    return run.calm(SEED, _history(), Faults(Random()))


def test_an_undisturbed_history_breaks_nothing_and_passes_every_point():
    outcome = _undisturbed()
    assert outcome.broken == []
    assert set(POINTS) - set(outcome.world.faults.visits) == set()


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_changes_nothing(point):
    visits = _undisturbed().world.faults.visits[point]
    target = (point, Random(point).randrange(visits))
    disturbed = run.calm(SEED, _history(), Faults(Random(), target=target))
    assert disturbed.world.faults.crashed_at() == {point}
    assert disturbed.broken == []
    assert run.compare(_undisturbed().world, disturbed.world) == []

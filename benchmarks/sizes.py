"""How much is measured: the full run (under six minutes) and the quick one (under ninety seconds)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts of everything; times in seconds."""

    patients: int = 1200
    """Of the throughput rounds: enough that none gets message upon message."""
    paced_patients: int = 600
    """Of the latency runs, one change each."""
    warm_up: int = 800
    """Changes before anything counts: Node and Python compile what runs often only by and by."""
    facts: int = 100
    """Of each patient."""
    rounds: int = 3
    """Full path and bare operations in turn, so that both meet the same noise."""
    all_send: int = 1200
    """Changes of one round in which every one sends a message."""
    few_send: int = 1800
    """Changes of one round in which one in fifty does."""
    paced: float = 12.0
    records: tuple[int, ...] = (100, 1000, 5000)
    repeats: int = 30
    imports: int = 7
    cold_starts: int = 5
    segments: tuple[int, ...] = (10, 100, 1000)
    many_segments: tuple[int, ...] = (10, 100, 1000, 10_000)
    """In memory; the growth is held to its target at a thousand."""
    cohort: int = 615
    """Patients of whom several engines are asked the same."""
    passes: int = 100
    """Of ours over all of them, in each round."""
    cql_seconds: float = 3.0
    reactions: int = 300
    growth_changes: int = 800
    growth_patients: int = 40
    rows: tuple[int, ...] = (1000, 10_000, 50_000)
    population: int = 5000
    """Patients of a population run."""
    population_facts: int = 40
    """Of each of them."""
    wakeups: tuple[int, int] = (1000, 100_000)
    """Enrolments that are due in one minute, in memory."""
    wakeups_stored: tuple[int, ...] = (1000, 10_000)
    """The same over Azurite, which cannot hold a hundred thousand records and answer."""
    listed: tuple[int, int] = (1000, 100_000)
    """Items of each list, in tables in memory: what a page asks for is counted."""
    audited: tuple[int, int] = (1000, 20_000)
    """Entries of the audit trail of which pages are read; the longer one is proven."""
    listed_stored: tuple[int, int] = (1000, 20_000)
    """The same on Azurite, whose every query looks at more the more rows there are."""
    simulated: int = 100_000
    """Patients of a dry run, in memory."""
    lines: tuple[int, int] = (100_000, 1_000_000)
    """Of the analytics log."""
    operations: int = 400
    """Of each kind where one client is held against another."""


FULL = Sizes()
QUICK = Sizes(
    many_segments=(10, 1000),
    cohort=150,
    passes=50,
    cql_seconds=2.0,
    patients=300,
    paced_patients=200,
    warm_up=240,
    rounds=1,
    all_send=400,
    few_send=600,
    paced=4.0,
    repeats=8,
    imports=3,
    cold_starts=2,
    reactions=80,
    growth_changes=240,
    growth_patients=20,
    rows=(1000, 4000),
    population=1000,
    population_facts=30,
    wakeups=(500, 5000),
    wakeups_stored=(2000,),
    listed=(500, 5000),
    audited=(500, 2000),
    listed_stored=(500, 2000),
    simulated=20_000,
    lines=(20_000, 100_000),
    operations=120,
)

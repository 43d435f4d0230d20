"""What one item of each queue asks of everything that is limited: from the counted operations.

CPU is 0.95 ms a message and 0.35 ms a request: the line through what was measured (docs/benchmarks.md: 2.0 ms
for a fact, three requests; 4.1 ms for one that sends, nine), or what was measured itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.organisation.paths import Counted
from benchmarks.organisation.profile import Means, Profile

MESSAGE_MS, REQUEST_MS = 0.95, 0.35
MEASURED_MS = {"wakeup_of_many": 0.61, "population": 0.15, "population_enters": 0.35}
"""Of our process, on Azurite (docs/benchmarks.md)."""
_TABLES = ("table_reads", "table_queries", "table_writes")
_FHIR = ("fhir_reads", "fhir_searches", "fhir_writes")
BODY_KB = 0.5
"""Of a queue message."""
BY_EVENT_GRID = ("notifications", "acs-events")
"""Queues into which Event Grid puts messages, which counts as sending there."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message of a queue, or one patient of a run: its mean cost."""

    cpu_ms: float
    elapsed_ms: float
    uses: Mapping[str, float]
    """Of each limit, by the names of `rates`."""


def requests(counted: Counted) -> float:
    """Return how many requests a path makes."""
    return sum(counted.operations[name] for name in (*_TABLES, *_FHIR, "queue_puts", "provider_calls"))


def cpu_ms(name: str, counted: Counted) -> float:
    """Return our CPU for one of a path."""
    return MEASURED_MS.get(
        name, MESSAGE_MS * counted.operations["queue_taken"] + REQUEST_MS * requests(counted)
    )


def item(paths: Mapping[str, Counted], mix: Mapping[str, float], queue: str, means: Means) -> Item:
    """Return the mean of a mixture of paths, as messages of a queue."""
    found = [_one(name, paths[name], queue, means) for name in mix]
    shares = [share / sum(mix.values()) for share in mix.values()]
    names = {name for one in found for name in one.uses}
    return Item(
        sum(share * one.cpu_ms for share, one in zip(shares, found, strict=True)),
        sum(share * one.elapsed_ms for share, one in zip(shares, found, strict=True)),
        {
            name: sum(share * one.uses.get(name, 0.0) for share, one in zip(shares, found, strict=True))
            for name in sorted(names)
        },
    )


def _one(name: str, counted: Counted, queue: str, means: Means) -> Item:
    told = counted.operations
    tables, fhir = sum(told[one] for one in _TABLES), sum(told[one] for one in _FHIR)
    cpu = cpu_ms(name, counted) + means.own_ms * told["queue_taken"]
    puts, taken = told["queue_puts"], told["queue_taken"]
    trips = means.table_ms * (tables + puts) + means.fhir_ms * fhir
    uses = {
        "tables": tables,
        "fhir": fhir,
        "members": counted.rows.get("index: member", 0.0),
        "rosters": counted.rows.get("index: roster", 0.0) * 2,  # a journey that goes on has two rows
        "wakeups": counted.rows.get("wakeups", 0.0),
        "taken": taken,
        "queue requests": puts + 2.06 * taken,  # received by the sixteen, then deleted
        f"queue {queue}": taken,
        "credits": puts + taken + (1.0 if queue in BY_EVENT_GRID else 0.0),
        "bus": (puts + taken) * BODY_KB / 1000,
    }
    return Item(
        cpu,
        cpu + trips + means.provider_ms * told["provider_calls"],
        {use: number for use, number in uses.items() if number},
    )


def plus(first: Item, second: Item) -> Item:
    """Add what two messages cost that always come together."""
    names = first.uses.keys() | second.uses.keys()
    uses = {name: first.uses.get(name, 0.0) + second.uses.get(name, 0.0) for name in sorted(names)}
    return Item(first.cpu_ms + second.cpu_ms, first.elapsed_ms + second.elapsed_ms, uses)


def items(paths: Mapping[str, Counted], profile: Profile, means: Means) -> dict[str, Item]:
    """Return what each queue's messages cost; reports and replies with their way through `acs-events`."""
    made = {
        "notifications": {"notification": 1.0},
        "changes": profile.mix,
        "wakeups": {"wakeup_of_many": 1 - profile.wakeups_send, "sends": profile.wakeups_send},
        "entries": {"sends": 1.0},
        "reports": {"report": 1.0},
        "inbound": {"stop": 0.3, "question": 0.7},
        "populations": {"population": 1 - profile.enters, "population_enters": profile.enters},
    }
    found = {queue: item(paths, mix, queue, means) for queue, mix in made.items()}
    heard = item(paths, {"notification": 1.0}, "acs-events", means)  # an event in, a message out, as here
    return found | {queue: plus(found[queue], heard) for queue in ("reports", "inbound")}

"""A simulation of days: queues, instances that are added and taken away, and everything that has a limit.

Time goes in steps. Whatever happened in one step moves as a cohort, so that a hundred million patients cost
no more than a million; who arrives is drawn by chance, from a seed. In a step each queue gets through what
its instances can; where together they would exceed a limit, all who use it are held back by the same factor.
What comes out of one queue goes into the next: notifications → changes → messages → reports and replies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from random import Random

from benchmarks.organisation.demand import Item
from benchmarks.organisation.limits import LIMITS
from benchmarks.organisation.line import Line
from benchmarks.organisation.profile import Means, Profile

STEP = 5
"""Seconds."""
SOURCE, MESSAGES = "events", "messages"
"""Two that have no instances: Event Grid, and the messages that wait for the provider."""
FOREMOST = ("notifications", "changes", "wakeups", "entries", "reports", "inbound", "populations")
BEFORE = {"changes": 2, MESSAGES: 1}
"""Queues that a cohort has been through by then, of its own: each takes it a step, which is no waiting."""
SHARDS = 64
"""Messages of a population run, each a shard that is gone through page by page."""
PAGE, PAGE_SECONDS = 200, 0.2
"""Patients of a page, and how long it takes at least: assumed."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens: the rate of arrivals in each queue at a second, and when the FHIR server is away."""

    name: str
    words: str
    seconds: int
    rates: Mapping[str, Callable[[int], float]]
    at_once: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """So many arrive in a queue at a second."""
    away: tuple[int, int] = (-1, -1)


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    lines: dict[str, Line]
    ages: dict[str, Counter[int]]
    """Of changes (once committed) and messages (once handed over), in seconds: how many."""
    backlog: Counter[str] = field(default_factory=Counter)
    """The most that waited in each queue."""
    oldest: int = 0
    """Greatest age of a change that waited."""
    instances: int = 0
    gb_seconds: float = 0.0
    bound: Counter[str] = field(default_factory=Counter)
    """Seconds for which each limit held something back."""
    first: tuple[int, str] | None = None
    """When a limit did so first, and which."""
    peaks: dict[str, float] = field(default_factory=dict)
    """The most that was asked of each limit, a second."""
    behind: dict[str, int] = field(default_factory=dict)
    """The last second at which anybody waited in a queue for longer than a minute."""


def limits_of(means: Means) -> dict[str, float]:
    """Return what there is of each limit, a second; first the FHIR service, whose outages hold back all."""
    partition = LIMITS["table_partition"].value
    rates = {
        "fhir": means.fhir,
        "events": LIMITS["fhir_events"].value,
        "tables": LIMITS["table_account"].value * means.accounts,
        "members": partition,
        "rosters": partition * 8,
        "wakeups": partition * 8,
        "sms": LIMITS["sms_short_code"].value / 60 * means.short_codes,
    }
    match means.transport:
        case "premium":
            return {**rates, "bus": LIMITS["bus_premium"].value * means.bus_units}
        case "standard":
            return {**rates, "credits": LIMITS["bus_standard"].value}
        case _:
            queues = {f"queue {name}": LIMITS["queue"].value for name in FOREMOST}
            return {**rates, "queue requests": LIMITS["queue_account"].value, **queues}


def rate_of(name: str, item: Item, means: Means) -> float:
    """Return how many messages of a queue an instance can carry out in a second."""
    at_once, seconds = means.concurrency, item.elapsed_ms / 1000
    if means.transport != "storage" and name == "changes":  # nearly every change is a session of its own
        at_once, seconds = means.sessions, seconds + means.session_idle
    return min(means.use * 1000 / item.cpu_ms, at_once / seconds)


class Day:
    """One run of a scenario."""

    def __init__(
        self, scenario: Scenario, items: Mapping[str, Item], profile: Profile, means: Means, seed: int = 1
    ) -> None:
        self._scenario, self._items, self._profile, self._means = scenario, items, profile, means
        self._arrivals, self._chance = Random(seed), Random(seed + 1)
        self._kept = dict.fromkeys(limits_of(means), 0.0)
        """Of each limit what is left over from the step before: part of what one message asks."""
        self._ready = dict.fromkeys(FOREMOST, means.always_ready) | {"changes": means.changes_ready}
        self._instances = dict(self._ready)
        storage = means.transport == "storage"
        self._target_of = LIMITS["scale_target"].value if storage else means.concurrency
        lines = {name: Line() for name in (SOURCE, *FOREMOST, MESSAGES)}
        self.outcome = Outcome(lines, {"changes": Counter(), MESSAGES: Counter()})
        uses = {name: item.uses for name, item in items.items()} | {SOURCE: {"events": 1.0}}
        uses[MESSAGES] = {"sms": 1.0}
        self._limits = [
            (limit, rate, {name: each[limit] for name, each in uses.items() if limit in each})
            for limit, rate in limits_of(means).items()
        ]
        self._rates = {name: rate_of(name, item, means) for name, item in items.items()}

    def run(self) -> Outcome:
        """Let the time pass."""
        for now in range(0, self._scenario.seconds, STEP):
            if now % self._means.step_seconds < STEP:
                self._scale()
            self._arrive(now)
            self._work(now)
            self._look(now)
        return self.outcome

    def _arrive(self, now: int) -> None:
        for name, rate in self._scenario.rates.items():
            self.outcome.lines[name].add(now, self._drawn(rate(now) * STEP))
        for name, (second, number) in self._scenario.at_once.items():
            if now == second:
                self.outcome.lines[name].add(now, number)

    def _drawn(self, mean: float) -> int:
        """Draw how many of very many happen, each with a small chance."""
        return self._arrivals.binomialvariate(10_000_000, min(mean / 10_000_000, 1.0)) if mean > 0 else 0

    def _scale(self) -> None:
        """Add or take away instances, as target-based scaling does, within the cores that there are."""
        step = int(LIMITS["scale_step"].value)
        for name, line in self.outcome.lines.items():
            if name not in self._instances:
                continue
            held = self._instances[name]
            free = self._means.cores - sum(self._instances.values())
            wanted = min(self._target(name, line), self._means.most)
            self._instances[name] = held + int(max(min(wanted - held, step, free), -step))

    def _target(self, name: str, line: Line) -> int:
        """Return how many instances target-based scaling wants: by who waits, and who is being seen to."""
        left = min(SHARDS, line.left) if name == "populations" else line.left
        at_work = line.last / STEP * self._items[name].elapsed_ms / 1000
        return max(ceil((left + at_work) / self._target_of), self._ready[name])

    def _work(self, now: int) -> None:
        lines = self.outcome.lines
        wanted = {name: min(line.waiting, self._can(name)) for name, line in lines.items() if line.waiting}
        for limit, rate, uses in self._limits:
            away = limit == "fhir" and self._scenario.away[0] <= now < self._scenario.away[1]
            self._hold_back(wanted, (limit, 0.0 if away else rate, uses), now)
        for name, line in lines.items():
            line.last = int(wanted.get(name, 0.0))
            line.left = line.waiting - line.last
        for name, number in wanted.items():
            for since, part in lines[name].take(int(number)):
                self._pass_on(name, since, part, now)

    def _can(self, name: str) -> float:
        """Return how many messages of a queue its instances can carry out in a step."""
        if name in (SOURCE, MESSAGES):
            return float("inf")
        at_once = SHARDS * PAGE / PAGE_SECONDS if name == "populations" else float("inf")
        return min(self._rates[name] * self._instances[name], at_once) * STEP

    def _hold_back(
        self, wanted: dict[str, float], limited: tuple[str, float, Mapping[str, float]], now: int
    ) -> None:
        """Let all who use a limit do less, by the same factor, where they would exceed it."""
        limit, rate, uses = limited
        users = [(name, uses[name]) for name in wanted if name in uses]
        if not users:
            return
        asked = sum(wanted[name] * use for name, use in users)
        there = self._kept[limit] + rate * STEP
        if asked > there:
            for name, _ in users:
                wanted[name] *= there / asked
            self.outcome.bound[limit] += STEP
            self.outcome.first = self.outcome.first or (now, limit)
        used = sum(int(wanted[name]) * use for name, use in users)
        self._kept[limit] = min(there - used, sum(use for _, use in users))
        self.outcome.peaks[limit] = max(self.outcome.peaks.get(limit, 0.0), used / STEP)

    def _pass_on(self, name: str, since: int, number: int, now: int) -> None:
        """Put into the next queue what follows from so many of a queue."""
        lines, profile, ages = self.outcome.lines, self._profile, self.outcome.ages
        if name in ages:
            ages[name][now - since - BEFORE[name] * STEP] += number
        if name == SOURCE:
            lines["notifications"].add(since, number)
        elif name == "notifications":
            lines["changes"].add(since, number)
        elif name == "changes":
            lines[MESSAGES].add(now, self._some(number, profile.mix.get("sends", 0.0)))
        elif name == "wakeups":
            lines[MESSAGES].add(now, self._some(number, profile.wakeups_send))
        elif name == "entries":
            lines[MESSAGES].add(now, number)
        elif name == MESSAGES:
            lines["reports"].add(now, number)
            lines["inbound"].add(now, self._some(number, profile.replies))

    def _some(self, number: int, share: float) -> int:
        return self._chance.binomialvariate(number, share)

    def _look(self, now: int) -> None:
        outcome, at_work = self.outcome, 0
        for name, line in outcome.lines.items():
            if name in self._instances and (line.waiting or line.last):
                at_work += self._instances[name]
            if line.oldest is None:
                continue
            outcome.backlog[name] = max(outcome.backlog[name], line.waiting)
            age = now - line.oldest - BEFORE.get(name, 1) * STEP
            if age > _LONG:
                outcome.behind[name] = now
            if name in (SOURCE, "notifications", "changes"):
                outcome.oldest = max(outcome.oldest, age)
        outcome.instances = max(outcome.instances, sum(self._instances.values()))
        outcome.gb_seconds += at_work * LIMITS["flex_memory"].value / 1024 * STEP


_LONG = 60

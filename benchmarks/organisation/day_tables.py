"""The tables of docs/scale.md that tell of simulated days, and of how far the model is off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil

from benchmarks.organisation.day import MESSAGES, Day, Outcome, Scenario
from benchmarks.organisation.demand import items
from benchmarks.organisation.limits import LIMITS
from benchmarks.organisation.line import quantile
from benchmarks.organisation.paths import Counted
from benchmarks.organisation.profile import DAY, Means, Profile, enough
from benchmarks.organisation.scenarios import scenarios
from benchmarks.organisation.tables import SIZES, table
from benchmarks.organisation.waiting import Work, latencies

NAMES = {
    "fhir": "FHIR service",
    "sms": "short code",
    "tables": "account, tables",
    "events": "events of a workspace",
    "members": "member list",
    "rosters": "roster",
    "bus": "Service Bus",
    "wakeups": "wake-up rows",
}


def simulated(label: str, means: str, scenario: Scenario, outcome: Outcome) -> tuple[str, ...]:
    """Tell one run in a row."""
    changes, messages = outcome.ages["changes"], outcome.ages[MESSAGES]
    waits = [", ".join(_time(quantile(a, q)) for q in (0.5, 0.99, 1.0)) for a in (changes, messages)]
    name, backlog = max(outcome.backlog.items(), key=lambda each: each[1])
    held = sorted(outcome.bound.items(), key=lambda each: -each[1])
    return (
        f"{label}{means}",
        scenario.words,
        *waits,
        f"{backlog:,} {name}",
        _until(outcome),
        str(outcome.instances),
        f"{outcome.gb_seconds / 1e6:.1f}",
        "; ".join(f"{NAMES.get(limit, limit)} {_time(seconds)}" for limit, seconds in held[:3]) or "none",
    )


HEAD = (
    "patients",
    "day",
    "changes wait: p50, p99, most",
    "messages wait for the provider",
    "largest backlog",
    "nobody waits a minute after",
    "instances",
    "million GB-s",
    "held back by, for how long",
)


def run(
    paths: Mapping[str, Counted], profile: Profile, size: str, scenario: Scenario, given: bool
) -> tuple[str, ...]:
    """Simulate one scenario, with the means of today's deployment or with what is `given` beyond."""
    means = enough(SIZES[size]) if given else Means()
    outcome = Day(scenario, items(paths, profile, means), profile, means).run()
    return simulated(size, "*" if given else "", scenario, outcome)


def accounts(paths: Mapping[str, Counted], profile: Profile) -> str:
    """Tell how many storage accounts it takes that none is used beyond seven tenths of its target."""
    rows = []
    for size, patients in SIZES.items():
        means = replace(enough(patients), accounts=1000)
        found = {}
        for scenario in scenarios(profile, patients):
            if scenario.name in ("ordinary", "takeover", "campaign"):
                peaks = Day(scenario, items(paths, profile, means), profile, means).run().peaks
                found[scenario.words] = peaks["tables"]
        cells = (
            f"{peak:,.0f}/s: {ceil(peak / _USED / LIMITS['table_account'].value)}" for peak in found.values()
        )
        rows.append((size, *cells))
    return table(("patients; requests in the busiest second: accounts", *found), rows)


_USED = 0.7


def days(rows: Iterable[Sequence[str]]) -> str:
    """Tell all runs."""
    return table(HEAD, rows)


def _until(outcome: Outcome) -> str:
    """Say when, by the clock of the first day or of one after it, and in which queue it was."""
    if not outcome.behind:
        return "any time"
    name, last = max(outcome.behind.items(), key=lambda each: each[1])
    return f"day {last // DAY + 1}, {last % DAY // 3600:02d}:{last % 3600 // 60:02d} ({name})"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


MEASURED = (
    (4.1, 186.0, "each sends, with a Communication"),
    (2.0, 350.0, "1 in 50 sends"),
    (2.5, 313.0, "each sends, no Communication"),
    (1.1, 620.0, "1 in 50 sends, the same run"),
)
"""Milliseconds of the host's CPU for a change and changes a second, as docs/benchmarks.md has them."""


def compared() -> str:
    """Hold the model of an instance against the full path as it was measured."""
    use = Means().use
    rows = []
    for cpu, rate, words in MEASURED:
        model = use * 1000 / cpu
        rows.append(
            (words, f"{cpu:g}", f"{rate:.0f}/s", f"{model:.0f}/s", f"{100 * (model / rate - 1):+.0f} %")
        )
    return table(("full path", "CPU ms", "measured", "model", "off by"), rows)


def waits(paths: Mapping[str, Counted], profile: Profile) -> str:
    """Tell latencies of one instance in milliseconds, by rate."""
    one = items(paths, profile, Means())["changes"]
    trips = 4
    work = Work(one.cpu_ms / Means().use, one.elapsed_ms - one.cpu_ms, trips)
    rows = []
    for rate in (50, 150, 200, 230):
        found = latencies(work, rate, 1, Means().concurrency, 8000)
        rows.append((f"{rate}/s", *(f"{found[int(len(found) * q)]:.0f} ms" for q in (0.5, 0.9, 0.99))))
    return table(("changes at one instance", "p50", "p90", "p99"), rows)

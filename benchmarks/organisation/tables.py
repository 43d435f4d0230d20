"""The tables of docs/scale.md, and putting them there: whatever is between two marks is made here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.organisation.ceilings import ceilings
from benchmarks.organisation.cost import Line, bill, load_prices, totals, unknown
from benchmarks.organisation.cost import use as month_of
from benchmarks.organisation.day import rate_of
from benchmarks.organisation.demand import cpu_ms, items, requests
from benchmarks.organisation.limits import LIMITS, READ
from benchmarks.organisation.paths import PATHS, Counted
from benchmarks.organisation.profile import Means, Profile, changes_at, enough

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
_PLACE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- made -->)", re.DOTALL)
SIZES = {"1 M": 1_000_000, "10 M": 10_000_000, "100 M": 100_000_000}


def written(page: str, tables: Mapping[str, str]) -> str:
    """Put tables between their marks. Raises KeyError for a mark without one."""
    return _PLACE.sub(lambda found: f"{found[1]}{tables[found[2]]}\n{found[3]}", page)


def read(page: str) -> dict[str, str]:
    """Return the tables that stand between marks."""
    return {
        found[2]: found[0][len(found[1]) : -len(found[3])].rstrip("\n") for found in _PLACE.finditer(page)
    }


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def limits() -> str:
    """Tell the published limits."""
    rows = [
        (limit.words, f"{limit.value:,.0f} {limit.unit}", f"[{_page(limit.source)}]({limit.source})")
        for limit in LIMITS.values()
    ]
    return table(("of what", f"limit, read {READ}", "source"), rows)


def _page(source: str) -> str:
    return source.rpartition("/")[2]


def operations(paths: Mapping[str, Counted]) -> str:
    """Tell what each path asks for."""
    head = ("one of", "table reads", "queries", "writes", "rows", "queue puts")
    head += ("FHIR reads, searches, writes", "provider", "requests", "CPU ms", "bytes kept")
    return table(head, [_operations(PATHS[name].words, name, counted) for name, counted in paths.items()])


def _operations(words: str, name: str, counted: Counted) -> tuple[str, ...]:
    told = counted.operations
    fhir = ", ".join(_plain(told[each]) for each in ("fhir_reads", "fhir_searches", "fhir_writes"))
    names = ("table_reads", "table_queries", "table_writes", "rows_written", "queue_puts")
    return (
        words,
        *(_plain(told[each]) for each in names),
        fhir,
        _plain(told["provider_calls"]),
        _plain(requests(counted)),
        _plain(cpu_ms(name, counted)),
        f"{counted.kept:,}",
    )


def _plain(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def code(paths: Mapping[str, Counted], profile: Profile) -> str:
    """Tell what the code itself allows."""
    rows = [
        (each.what, each.most, _patients(each.patients), each.remedy) for each in ceilings(paths, profile)
    ]
    return table(("what", "the most", "enough for", "what would help"), rows)


def _patients(number: float) -> str:
    return f"{number / 1e6:,.1f} M" if number >= 1e6 else f"{number / 1e3:,.0f},000"


def instance(paths: Mapping[str, Counted], profile: Profile) -> str:
    """Tell what one instance carries: by Storage queues, and by sessions with various patience."""
    rows = []
    means = Means()
    for queue, one in items(paths, profile, means).items():
        if queue != "populations":
            rows.append(
                (queue, f"{one.cpu_ms:.1f}", f"{one.elapsed_ms:.0f}", f"{rate_of(queue, one, means):.0f}")
            )
    return table(("queue", "CPU ms", "elapsed ms", "messages/s of an instance"), rows)


def transports(paths: Mapping[str, Counted], profile: Profile) -> str:
    """Tell how many changes a second each transport carries, all that follows from them included."""
    found = items(paths, profile, Means())
    busiest = max(changes_at(profile, 1_000_000, hour * 3600) for hour in range(24)) / 1e6
    sent = profile.mix.get("sends", 0.0)
    follows = {"notifications": 1.0, "changes": 1.0, "reports": sent, "inbound": sent * profile.replies}
    uses = {
        use: sum(number * found[queue].uses.get(use, 0.0) for queue, number in follows.items())
        for use in ("credits", "bus", "queue changes")
    }
    given = (
        ("Storage queues", uses["queue changes"], LIMITS["queue"].value, "message"),
        ("Service Bus Standard", uses["credits"], LIMITS["bus_standard"].value, "credits"),
        ("Service Bus Premium, one unit", uses["bus"], LIMITS["bus_premium"].value, "MB"),
    )
    rows = [
        (name, f"{use:.2g} {unit}", f"{most / use:,.0f}/s", f"{most / use / busiest / 1e6:,.0f} M patients")
        for name, use, most, unit in given
    ]
    return table(("transport", "a change takes", "changes", "enough in the busiest hour for"), rows)


def sessions(paths: Mapping[str, Counted], profile: Profile) -> str:
    """Tell what one instance carries of changes on Service Bus, by how sessions are set."""
    rows = []
    for idle in (60.0, 5.0, 1.0, 0.1):
        found = [Means(sessions=places, session_idle=idle) for places in (8, 32, 128)]
        rates = [rate_of("changes", items(paths, profile, m)["changes"], m) for m in found]
        rows.append((f"{idle:g} s", *(f"{rate:.3g}" for rate in rates)))
    return table(("sessionIdleTimeout", "8 sessions at once", "32", "128"), rows)


def prices(paths: Mapping[str, Counted], held: int, profile: Profile) -> str:
    """Tell a month of each size, by the prices that come along."""
    given = load_prices()
    bills: list[list[Line]] = []
    for patients in SIZES.values():
        means = enough(patients)
        used = month_of(paths, held, profile, means, patients)
        bills.append(bill(used, given, profile, means))
    rows = [
        (lines[0].component, *(f"{line.amount:,.0f} {line.unit}: {_money(line.cost)}" for line in lines))
        for lines in zip(*bills, strict=True)
    ]
    sums = [totals(lines) for lines in bills]
    rows.append(("**without message charges**", *(f"**{_money(own)}**" for own, _ in sums)))
    rows.append(("**with them**", *(f"**{_money(total)}**" for _, total in sums)))
    missing = f" (without {', '.join(unknown(bills[0]))})" if unknown(bills[0]) else ""
    return table((f"a month, USD{missing}", *SIZES), rows)


def _money(cost: float | None) -> str:
    return "price to be given" if cost is None else f"{float(f'{cost:.2g}'):,.0f}"


def sensitivity(paths: Mapping[str, Counted], held: int, profile: Profile, size: str = "10 M") -> str:
    """Tell what the month becomes when one thing is changed."""
    means, patients, given = enough(SIZES[size]), SIZES[size], load_prices()

    def month(changed: Profile, with_means: Means = means) -> tuple[float, float]:
        used = month_of(paths, held, changed, with_means, patients)
        return totals(bill(used, given, changed, with_means))

    own, total = month(profile)
    fewer = replace(profile, mix={**profile.mix, "sends": profile.mix["sends"] / 2},
                    wakeups_send=profile.wakeups_send / 2, campaign=profile.campaign / 2)  # fmt: skip
    moved = {
        "sms": profile.channels["sms"] / 2,
        "email": profile.channels["email"] + profile.channels["sms"] / 2,
    }
    cases = (
        ("half as many messages", month(fewer)),
        ("half of the SMS by email", month(replace(profile, channels={**profile.channels, **moved}))),
        ("half as many changes", month(replace(profile, changes=profile.changes / 2,
                                               mix={**profile.mix, "sends": 2 * profile.mix["sends"]}))),
        ("half as many log lines", month(replace(profile, line_kb=profile.line_kb / 2))),
        ("every trace kept", month(replace(profile, sampling=1.0))),
        ("Service Bus Standard", month(profile, replace(means, transport="standard"))),
        ("Storage queues", month(profile, replace(means, transport="storage"))),
    )  # fmt: skip
    rows = [
        (words, f"{100 * (o / own - 1):+.0f} %", f"{100 * (t / total - 1):+.0f} %") for words, (o, t) in cases
    ]
    return table((f"changed, {size} patients", "without message charges", "with them"), rows)

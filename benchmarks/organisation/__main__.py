"""What an organisation asks of Azure, whether that is enough, and what it costs.

python -m benchmarks.organisation --patients 10M [--profile FILE] [--prices FILE] [--json]
python -m benchmarks.organisation --write      the tables of docs/scale.md, all of them
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import asdict, fields
from pathlib import Path

import orjson

from benchmarks.organisation import day_tables, tables
from benchmarks.organisation.cost import PRICES, bill, load_prices, totals, unknown
from benchmarks.organisation.cost import use as month_of
from benchmarks.organisation.day import MESSAGES, Day
from benchmarks.organisation.demand import items
from benchmarks.organisation.line import quantile
from benchmarks.organisation.paths import Counted, bytes_of_a_patient, count_all
from benchmarks.organisation.profile import Profile, enough
from benchmarks.organisation.scenarios import scenarios

_LETTERS = {"K": 1000, "M": 1_000_000}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.organisation", description=__doc__)
    parser.add_argument("--patients", type=patients_of, default=10_000_000, help="such as 250K or 10M")
    parser.add_argument("--profile", type=Path, help="JSON: fields of Profile that are otherwise with you")
    parser.add_argument("--prices", type=Path, default=PRICES, help="JSON, of the form of prices.json")
    parser.add_argument("--json", action="store_true", help="operations, days and price as JSON")
    parser.add_argument("--write", action="store_true", help="make the tables of docs/scale.md anew")
    chosen = parser.parse_args()
    try:
        profile, prices = profile_of(chosen.profile), load_prices(chosen.prices)
    except (OSError, ValueError, TypeError, KeyError) as problem:
        parser.error(f"the file cannot be used: {problem}")
    paths, held = asyncio.run(_counted())
    if chosen.write:
        page = tables.PAGE.read_text()
        tables.PAGE.write_text(tables.written(page, made(paths, held, profile)))
        return 0
    found = report(paths, held, profile, prices, chosen.patients)
    sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() if chosen.json else told(found))
    sys.stdout.write("\n")
    return 0


def patients_of(text: str) -> int:
    """Read "10M". Raises ValueError."""
    letter = text[-1:].upper()
    number = int(text[:-1]) * _LETTERS[letter] if letter in _LETTERS else int(text)
    if not 0 < number <= 1_000_000_000:
        raise ValueError("between 1 and 1000M")
    return number


def profile_of(path: Path | None) -> Profile:
    """Read the fields that are otherwise. Raises ValueError naming one that does not exist."""
    if path is None:
        return Profile()
    told = orjson.loads(path.read_bytes())
    known = {field.name for field in fields(Profile)}
    if strange := sorted(told.keys() - known):
        raise ValueError(f"there is no {', '.join(strange)}; there are {', '.join(sorted(known))}")
    plain = Profile()
    wrong = [name for name, value in told.items() if not _like(value, getattr(plain, name))]
    if wrong:
        raise ValueError(f"no such value: {', '.join(wrong)}")
    return Profile(**told)


def _like(value: object, usual: object) -> bool:
    """Say whether a value is of the form of the usual one: no negative number, or as many of them."""
    if isinstance(usual, dict):
        return isinstance(value, dict) and value.keys() == usual.keys() and all(map(_number, value.values()))
    if isinstance(usual, tuple):
        return isinstance(value, list) and len(value) == len(usual) and all(map(_number, value))
    return _number(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


async def _counted() -> tuple[dict[str, Counted], int]:
    return await count_all(), await bytes_of_a_patient()


def made(paths: dict[str, Counted], held: int, profile: Profile) -> dict[str, str]:
    """Make every table of the page."""
    runs = [(size, False) for size in tables.SIZES] + [("100 M", True)]
    rows = [
        day_tables.run(paths, profile, size, scenario, given)
        for size, given in runs
        for scenario in scenarios(profile, tables.SIZES[size])
    ]
    return {
        "limits": tables.limits(),
        "operations": tables.operations(paths),
        "code": tables.code(paths, profile),
        "instance": tables.instance(paths, profile),
        "sessions": tables.sessions(paths, profile),
        "transports": tables.transports(paths, profile),
        "days": day_tables.days(rows),
        "accounts": day_tables.accounts(paths, profile),
        "compared": day_tables.compared(),
        "waits": day_tables.waits(paths, profile),
        "prices": tables.prices(paths, held, profile),
        "sensitivity": tables.sensitivity(paths, held, profile),
    }


def report(
    paths: dict[str, Counted], held: int, profile: Profile, prices: dict[str, float | None], patients: int
) -> dict[str, object]:
    """Tell one organisation: operations, days, and the month's price."""
    means = enough(patients)
    made_items = items(paths, profile, means)
    days = {}
    for scenario in scenarios(profile, patients):
        outcome = Day(scenario, made_items, profile, means).run()
        waits = {
            name: {f"p{100 * q:g}": quantile(outcome.ages[name], q) for q in (0.5, 0.99, 1.0)}
            for name in ("changes", MESSAGES)
        }
        days[scenario.name] = {
            "seconds_waited": waits,
            "largest_backlog": dict(outcome.backlog),
            "oldest_change_seconds": outcome.oldest,
            "instances": outcome.instances,
            "gb_seconds": outcome.gb_seconds,
            "held_back_seconds": dict(outcome.bound),
            "first_held_back": outcome.first,
            "peaks_per_second": outcome.peaks,
        }
    used = month_of(paths, held, profile, means, patients)
    lines = bill(used, prices, profile, means)
    own, total = totals(lines)
    return {
        "patients": patients,
        "profile": asdict(profile),
        "means": asdict(means),
        "operations": {name: asdict(counted) for name, counted in paths.items()},
        "days": days,
        "month": {
            "use": asdict(used),
            "components": [asdict(line) for line in lines],
            "without_message_charges": own,
            "with_message_charges": total,
            "price_not_given": unknown(lines),
        },
    }


def told(found: dict[str, object]) -> str:
    """Tell the month in plain lines."""
    month = found["month"]
    assert isinstance(month, dict)
    lines = [f"{found['patients']:,} patients, a month:"]
    for each in month["components"]:
        cost = "price to be given" if each["cost"] is None else f"{each['cost']:,.0f}"
        lines.append(f"  {each['component']}: {each['amount']:,.0f} {each['unit']}: {cost}")
    lines.append(f"without message charges {month['without_message_charges']:,.0f}, ")
    lines[-1] += f"with them {month['with_message_charges']:,.0f}"
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

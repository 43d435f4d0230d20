"""What a month costs: how much of everything an organisation uses, times prices that the reader gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.organisation.day import SOURCE, Day, Scenario
from benchmarks.organisation.demand import items
from benchmarks.organisation.paths import Counted
from benchmarks.organisation.profile import DAY, Means, Profile, changes_at, wakeups_at

MONTH = 365 / 12
"""Days."""
PRICES = Path(__file__).parent / "prices.json"
_FREE_BUS = 13e6
"""Operations that the month's price of a Standard namespace includes."""
_IDLE_QUEUES = 13
"""Queues that are read once a second where nothing waits (maxPollingInterval)."""
CHARGES = ("SMS", "email", "WhatsApp")
"""Components that are the provider's charge for messages."""


@dataclass(frozen=True, slots=True)
class Line:
    """One component of the month: how much of it, and what that costs (None: its price was not given)."""

    component: str
    amount: float
    unit: str
    cost: float | None


def load_prices(path: Path = PRICES) -> dict[str, float | None]:
    """Read a file of prices. Raises ValueError, naming what is missing or no number."""
    told = json.loads(path.read_text())["prices"]
    known = json.loads(PRICES.read_text())["prices"]
    if missing := sorted(known.keys() - told.keys()):
        raise ValueError(f"the prices lack {', '.join(missing)}; null says that one is not known")
    prices = {name: told[name]["price"] for name in known}
    wrong = [n for n, p in prices.items() if p is not None and (not isinstance(p, int | float) or p < 0)]
    if wrong:
        raise ValueError(f"no price, and not null: {', '.join(wrong)}")
    return prices


@dataclass(frozen=True, slots=True)
class Use:
    """What an organisation uses in a month."""

    gb_seconds: float
    executions: float
    table_requests: float
    table_gb: float
    queue_requests: float
    bus_operations: float
    events: float
    fhir_requests: float
    logs_gb: float
    messages: float
    replies: float


def use(paths: Mapping[str, Counted], held: int, profile: Profile, means: Means, patients: int) -> Use:
    """Add up a month: changes, wake-ups, campaigns, publications, and the nightly audit.

    `held` is what tables hold of a patient from the beginning, in bytes.
    """
    made = items(paths, profile, means)
    month = patients / 12
    sent = _messages(profile) * month
    runs = {
        "notifications": profile.changes * month,
        "changes": profile.changes * month,
        "wakeups": profile.wakeups * month,
        "entries": profile.campaign * profile.campaigns * month,
        "reports": sent,
        "inbound": sent * profile.replies,
        "populations": profile.publications * month,
    }
    executions = _sum(runs, made, "taken")
    audited = paths["audited"].operations
    nights = patients * MONTH
    return Use(
        gb_seconds=_gb_seconds(paths, profile, means, patients),
        executions=executions,
        table_requests=_sum(runs, made, "tables")
        + nights * (audited["table_reads"] + audited["table_queries"] + audited["table_writes"]),
        table_gb=patients * _held(paths, held, profile) / 1e9,
        queue_requests=_sum(runs, made, "queue requests") + _IDLE_QUEUES * MONTH * DAY,
        bus_operations=_sum(runs, made, "credits"),
        events=profile.changes * month + sent * (1 + profile.replies),
        fhir_requests=_sum(runs, made, "fhir") + nights * audited["fhir_searches"],
        logs_gb=executions * (profile.line_kb + profile.sampling * profile.trace_kb) / 1e6,
        messages=sent,
        replies=sent * profile.replies,
    )


def _messages(profile: Profile) -> float:
    """Return the messages of a patient and year."""
    by_changes = profile.changes * profile.mix.get("sends", 0.0)
    return by_changes + profile.wakeups * profile.wakeups_send + profile.campaign * profile.campaigns


def _sum(runs: Mapping[str, float], made: Mapping[str, object], name: str) -> float:
    return sum(number * made[queue].uses.get(name, 0.0) for queue, number in runs.items())


def _held(paths: Mapping[str, Counted], held: int, profile: Profile) -> float:
    """Return the bytes of a patient after the years for which all is kept."""
    yearly = sum(profile.changes * share * paths[name].kept for name, share in profile.mix.items())
    yearly += profile.wakeups * paths["wakeup_of_many"].kept + _messages(profile) * paths["report"].kept
    return held + profile.years * yearly


def _gb_seconds(paths: Mapping[str, Counted], profile: Profile, means: Means, patients: int) -> float:
    """Simulate one day of the mean rate, and take it for every day."""
    plain = {
        SOURCE: lambda second: changes_at(profile, patients, second) / profile.weekday,
        "wakeups": lambda second: wakeups_at(profile, patients, second),
    }
    day = Day(Scenario("mean", "", DAY, plain), items(paths, profile, means), profile, means).run()
    return day.gb_seconds * MONTH


def bill(used: Use, prices: Mapping[str, float | None], profile: Profile, means: Means) -> list[Line]:
    """Price a month, component by component."""
    sms = used.messages * profile.channels.get("sms", 0.0) * profile.parts
    email = used.messages * profile.channels.get("email", 0.0)
    whatsapp = used.messages * profile.channels.get("whatsapp", 0.0)
    return [
        _line("Functions, time", used.gb_seconds, "GB-s", prices, "functions_gb_second"),
        _line("Functions, executions", used.executions / 1e6, "million", prices, "functions_million"),
        _line("tables, stored", used.table_gb, "GB", prices, "table_gb"),
        _line("tables, requests", used.table_requests / 1e4, "times 10,000", prices, "table_10k"),
        *_transport(used, prices, means),
        _line("Event Grid", 2 * used.events / 1e6, "million", prices, "event_grid_million"),
        _line("logs and traces", used.logs_gb, "GB", prices, "logs_gb"),
        _line("FHIR service, requests", used.fhir_requests / 1e6, "million", prices, "fhir_million"),
        _line("SMS", sms, "segment", prices, "sms_part", "sms_carrier"),
        _line("SMS, received", used.replies, "segment", prices, "sms_received"),
        _line("email", email, "email", prices, "email"),
        _line("email, size", email * profile.email_mb, "MB", prices, "email_mb"),
        _line("WhatsApp", whatsapp, "message", prices, "whatsapp"),
    ]


def _transport(used: Use, prices: Mapping[str, float | None], means: Means) -> list[Line]:
    match means.transport:
        case "premium":
            return [_line("Service Bus Premium", means.bus_units, "unit", prices, "bus_premium_month")]
        case "standard":
            paid = max(0.0, used.bus_operations - _FREE_BUS) / 1e6
            base = _line("Service Bus Standard", 1.0, "namespace", prices, "bus_standard_month")
            return [base, _line("Service Bus, operations", paid, "million", prices, "bus_standard_million")]
        case _:
            return [_line("queues, requests", used.queue_requests / 1e4, "times 10,000", prices, "queue_10k")]


def _line(component: str, amount: float, unit: str, prices: Mapping[str, float | None], *names: str) -> Line:
    found = [prices[name] for name in names]
    known = [price for price in found if price is not None]
    return Line(component, amount, unit, amount * sum(known) if len(known) == len(found) else None)


def totals(lines: list[Line]) -> tuple[float, float]:
    """Return the month without the charges for messages, and with them; unknown prices are left out."""
    charged = sum(line.cost or 0.0 for line in lines if line.component.startswith(CHARGES))
    total = sum(line.cost or 0.0 for line in lines)
    return total - charged, total


def unknown(lines: list[Line]) -> list[str]:
    """Return the components whose price was not given."""
    return [line.component for line in lines if line.cost is None]

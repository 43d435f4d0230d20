"""An organisation in numbers: how much happens and when, and what it has of Azure. All of it is assumed.

Whoever knows better writes a JSON file of the same names, and gives it to `--profile`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from benchmarks.organisation.limits import LIMITS

DAY = 86_400
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Profile:
    """What happens at an organisation."""

    changes: float = 100.0
    """Changes of kept types a patient and year, told by the FHIR server."""
    mix: dict[str, float] = field(
        default_factory=lambda: {"nothing": 0.35, "fact": 0.60, "segment": 0.03, "sends": 0.02}
    )
    """Shares of the paths among changes."""
    wakeups: float = 8.0
    """Wake-ups a patient and year."""
    wakeups_send: float = 0.5
    """Share of wake-ups that send a message."""
    replies: float = 0.15
    """Replies to a message."""
    hours: tuple[float, ...] = (
        0.2, 0.2, 0.2, 0.2, 0.2, 0.4, 1.2, 2.2, 2.4, 2.2, 2.0, 1.8, 1.5, 1.7, 1.8, 1.7, 1.4, 1.0, 0.7, 0.5,
        0.4, 0.3, 0.3, 0.2,
    )  # fmt: skip
    """How the changes of a weekday lie over its hours."""
    weekday: float = 1.2
    """Changes of a weekday over the mean of all days."""
    nightly: float = 0.10
    """Share of a day's changes that a nightly load brings from one to two o'clock, besides."""
    morning: float = 0.3
    """Share of a day's wake-ups that are due in the ten minutes after quiet hours end, at eight."""
    takeover: tuple[float, float, float] = (0.01, 50.0, 2.0)
    """A practice is taken over: share of the patients, changes for each, in so many hours."""
    outage: float = 24.0
    """Hours for which the FHIR server cannot be read."""
    campaign: float = 0.05
    """Share of the patients that a campaign asks, all entered at nine."""
    enters: float = 0.10
    """Share of the patients that enter a segment that is published."""
    campaigns: float = 4.0
    """Such campaigns a year."""
    publications: float = 12.0
    channels: dict[str, float] = field(default_factory=lambda: {"sms": 0.6, "email": 0.3, "whatsapp": 0.1})
    """Shares of messages."""
    parts: float = 1.3
    """Segments of an SMS."""
    email_mb: float = 0.03
    years: float = 3.0
    """For which the timeline and messages are kept."""
    line_kb: float = 1.0
    """Log lines and metrics of a queue message, ours and the host's, as Log Analytics bills them."""
    trace_kb: float = 3.0
    """Spans of a queue message, where its trace is kept."""
    sampling: float = 0.05
    """Share of traces that are kept: HEARTHLINE_TRACE_SAMPLING."""


@dataclass(frozen=True, slots=True)
class Means:
    """What an organisation has of Azure, as infra/bicep/prod.bicepparam says, and how fast that answers."""

    cores: float = LIMITS["flex_cores"].value
    """Of all functions together."""
    most: int = 200
    """Instances of one function: maximumInstanceCount."""
    changes_ready: int = 2
    """Instances of `changes` that are always there."""
    always_ready: int = 0
    """The same of each other function."""
    accounts: int = 1
    """Storage accounts with tables."""
    short_codes: int = 1
    transport: str = "premium"
    """What carries messages: "storage", or "standard" or "premium" of Service Bus."""
    bus_units: float = 1.0
    """Messaging units of Premium."""
    fhir: float = 2000.0
    """Requests a second that the FHIR service answers: not published, assumed."""
    concurrency: int = 32
    """Messages at once of an instance: maxConcurrentCalls, or batchSize and newBatchThreshold together."""
    sessions: int = 32
    """Sessions at once of an instance, with Service Bus: maxConcurrentSessions of host.json."""
    session_idle: float = 0.1
    """Seconds for which an instance waits for more of a session (sessionIdleTimeout) before it takes another
    (https://learn.microsoft.com/dotnet/api/azure.messaging.servicebus.servicebussessionprocessoroptions.sessionidletimeout)."""
    step_seconds: float = 30.0
    """How often instances are added: published for plans before Flex Consumption."""
    use: float = 0.7
    """Part of a core that our code gets: see `compared`."""
    table_ms: float = 6.0
    fhir_ms: float = 40.0
    provider_ms: float = 120.0
    """Round trips."""
    own_ms: float = 1.0
    """CPU of the Functions host for a message, beside ours: not measured on Azure."""


def a_second(patients: int, of_a_year: float) -> float:
    """Return the mean rate of what happens so often to each patient in a year."""
    return patients * of_a_year / YEAR


def changes_at(profile: Profile, patients: int, second: float) -> float:
    """Return the rate of changes at a second of a weekday."""
    day = a_second(patients, profile.changes) * profile.weekday
    hour = int(second % DAY // 3600)
    plain = day * 24 * profile.hours[hour] / sum(profile.hours)
    return plain + (day * 24 * profile.nightly if hour == 1 else 0.0)


def wakeups_at(profile: Profile, patients: int, second: float) -> float:
    """Return the rate of wake-ups at a second of a day."""
    mean = a_second(patients, profile.wakeups)
    at_eight = 8 * 3600 <= second % DAY < 8 * 3600 + 600
    return mean * (1 - profile.morning) + (mean * profile.morning * DAY / 600 if at_eight else 0.0)


def enough(patients: int) -> Means:
    """Return the means that the simulation finds enough for all but the worst of the scenarios."""
    if patients <= 10_000_000:
        return Means()
    tens = ceil(patients / 10_000_000)
    return Means(accounts=2, bus_units=4, short_codes=tens, fhir=800.0 * tens)

"""What a dry run came to, in figures that people read: for the terminal, a page, and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from shared.fhir.instants import Instant, iso
from shared.usecases.simulation.counting import Counts, day_and_hour
from shared.usecases.simulation.figures import Figures, Table, days, inside_by_day
from shared.usecases.simulation.stage import Plan, Stage


class Suppressed(Struct, frozen=True):
    """Messages that were not sent, for one reason."""

    reason: str
    channel: str
    journey: str
    count: int


class ChannelFigures(Struct, frozen=True):
    """One channel."""

    sent: int
    parts: int
    """What is paid for: parts of SMS, else messages."""
    delivered: int
    failed: int
    opened: int
    clicked: int
    price: float
    """Supposed, of one part."""
    cost: float


class JourneyFigures(Struct, frozen=True):
    """One journey."""

    url: str
    title: str
    entered: int
    entered_by_day: dict[str, int]
    inside_before: int
    inside_at_end: int
    inside_by_day: dict[str, int]
    """At the end of each local day."""
    standing: dict[str, int]
    """At the end, by step."""
    asked: int
    """Came to its gate, where it lets in only so many at a time."""
    waiting_at_end: int
    by_slots: bool
    """Free slots set its pace: whoever is inside is an invitation that is open."""
    completed: dict[str, int]
    """By reason, the most frequent first; so is `revoked`."""
    revoked: dict[str, int]
    on_hold: dict[str, int]
    """By reason: faults, which staff must see to."""
    goals: int
    results: Table
    """By step that splits or waits, what came of it."""
    sent_by_step: Table
    """By step and channel."""


class Staff(Struct, frozen=True):
    """Work for people."""

    tasks: int
    tasks_by_day: dict[str, int]
    by_owner: Table
    """By owner and day."""
    by_title: dict[str, int]
    answers: dict[str, int]
    """What patients are supposed to have replied."""


class Report(Struct, frozen=True):
    """All of it."""

    start: str
    end: str
    zone: str
    """The organisation's: of days and hours."""
    seed: str
    assumed: dict[str, str]
    patients: int
    concerned: int
    """Who entered a journey, or got anything."""
    unseen: int
    """Whose records must be read again before all conditions can be judged: those were passed over."""
    days: tuple[str, ...]
    journeys: tuple[JourneyFigures, ...]
    channels: dict[str, ChannelFigures]
    sent_by_day: Table
    sent_by_hour: Table
    """By hour of the day, "00" to "23", and channel."""
    sent_by_language: dict[str, int]
    suppressed: tuple[Suppressed, ...]
    staff: Staff
    written: dict[str, int]
    """Resources beside tasks, by type."""
    posted: dict[str, int]
    """Calls of webhooks, by name."""
    cost: float
    currency: str


def report(counts: Counts, stage: Stage) -> Report:
    """Make the report of one plan."""
    plan, figures = stage.plan, Figures(counts)
    calendar = _calendar(stage)
    channels = dict(_channels(figures, plan))
    return Report(
        start=iso(plan.start),
        end=iso(plan.end),
        zone=plan.policy.zone,
        seed=plan.assumptions.seed,
        assumed=plan.assumptions.stated(),
        patients=figures.total("patients"),
        concerned=figures.total("concerned"),
        unseen=figures.total("unseen"),
        days=tuple(calendar),
        journeys=tuple(_journeys(counts, stage, calendar)),
        channels=channels,
        sent_by_day=figures.by_two("sent", "day", "channel"),
        sent_by_hour=figures.by_two("sent", "hour", "channel"),
        sent_by_language=figures.most("sent", "language"),
        suppressed=tuple(_suppressed(counts)),
        staff=_staff(figures),
        written=figures.most("written", "type"),
        posted=figures.most("posted", "to"),
        cost=round(sum(each.cost for each in channels.values()), 2),
        currency=plan.assumptions.currency,
    )


def _calendar(stage: Stage) -> list[str]:
    plan = stage.plan
    first, last = (day_and_hour(at, stage.zone)[0] for at in (plan.start, Instant(plan.end - 1)))
    return days(first, last)


def _channels(figures: Figures, plan: Plan) -> Iterator[tuple[str, ChannelFigures]]:
    sent, paid = figures.by("sent", "channel"), figures.by("parts", "channel")
    told = figures.by_two("report", "channel", "status")
    for channel, count in sent.items():
        price, said = plan.assumptions.price(channel), told.get(channel, {})
        yield (
            channel,
            ChannelFigures(
                sent=count,
                parts=paid[channel],
                delivered=said.get("delivered", 0),
                failed=said.get("failed", 0),
                opened=said.get("opened", 0),
                clicked=said.get("clicked", 0),
                price=price,
                cost=round(paid[channel] * price, 2),
            ),
        )


def _journeys(counts: Counts, stage: Stage, calendar: list[str]) -> Iterator[JourneyFigures]:
    known = {journey.url for journey in stage.catalogue.journeys}
    for url in sorted(known | set(Figures(counts).journeys()), key=lambda url: (url != stage.main, url)):
        yield _journey(url, Figures(counts, url), stage, calendar)


def _journey(url: str, figures: Figures, stage: Stage, calendar: list[str]) -> JourneyFigures:
    journey = stage.catalogue.journeys.latest(url)
    entered, before = figures.by("entered", "day"), figures.total("inside-before")
    ended = figures.by_two("ended", "status", "reason")
    pace = journey.limits if journey is not None else None
    return JourneyFigures(
        url=url,
        title=journey.title if journey is not None else url,
        entered=sum(entered.values()),
        entered_by_day=entered,
        inside_before=before,
        inside_at_end=figures.total("left-inside"),
        inside_by_day=inside_by_day(before, entered, figures.by("ended", "day"), calendar),
        standing=figures.most("left-inside", "step"),
        asked=figures.total("waiting"),
        waiting_at_end=figures.total("left-waiting"),
        by_slots=pace is not None and pace.capacity is not None,
        completed=_frequent(ended.get("completed", {})),
        revoked=_frequent(ended.get("revoked", {})),
        on_hold=figures.most("on-hold", "reason"),
        goals=figures.total("goal"),
        results=figures.by_two("result", "step", "value"),
        sent_by_step=figures.by_two("sent", "step", "channel"),
    )


def _frequent(found: dict[str, int]) -> dict[str, int]:
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _suppressed(counts: Counts) -> Iterator[Suppressed]:
    found = [
        Suppressed(key[3], key[2], key[1], count)
        for key, count in counts.items()
        if key[0] == "suppressed" and count
    ]
    yield from sorted(found, key=lambda each: (-each.count, each.reason, each.channel, each.journey))


def _staff(figures: Figures) -> Staff:
    return Staff(
        tasks=figures.total("task"),
        tasks_by_day=figures.by("task", "day"),
        by_owner=figures.by_two("task", "owner", "day"),
        by_title=figures.most("task", "title"),
        answers=figures.most("answer", "text"),
    )


def busiest(by_day: dict[str, int]) -> tuple[str, int]:
    """Return the day with the most, and how many; nothing where there is none."""
    return max(by_day.items(), key=lambda each: (each[1], each[0]), default=("", 0))


def together(by_two: Table) -> dict[str, int]:
    """Add up the inner figures: messages of a day by all channels."""
    return {key: sum(inner.values()) for key, inner in by_two.items()}


def some(found: dict[str, int], most: int) -> dict[str, int]:
    """Return the first so many, and what is left together."""
    shown = dict(islice(found.items(), most))
    left = sum(found.values()) - sum(shown.values())
    return {**shown, f"{len(found) - most} others": left} if left else shown

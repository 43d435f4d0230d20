"""The report of a dry run in a terminal: what a manager reads first, short, and as of when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.fhir.instants import parse_instant, to_datetime
from shared.patient.messages import by
from shared.usecases.simulation.comparing import Comparison
from shared.usecases.simulation.report import JourneyFigures, Report, busiest, some, together

_MOST = 8
"""Reasons and days that are shown one by one."""


def show(console: Console, made: Report) -> None:
    """Print a report."""
    console.print(Text(heading(made)), soft_wrap=True)
    for line in _warnings(made):
        console.print(Text(line, style="yellow"), soft_wrap=True)
    console.print(_journeys(made))
    console.print(_messages(made))
    console.print(_details(made))
    console.print(Text(_supposed(made), style="dim"), soft_wrap=True)


def heading(made: Report) -> str:
    """Say who was played, when, and how many it concerned."""
    titles = made.journeys[0].title if made.journeys else "nothing"
    share = f" ({made.concerned / made.patients:.1%})" if made.patients else ""
    return (
        f"{titles}: {made.patients} patients from {clock(made.start, made.zone)} to "
        f"{clock(made.end, made.zone)} ({made.zone}); {made.concerned}{share} are concerned."
    )


def clock(instant: str, zone: str) -> str:
    """Write an instant as people there read it."""
    return to_datetime(parse_instant(instant), ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _warnings(made: Report) -> Iterator[str]:
    if made.unseen:
        yield (
            f"{made.unseen} records must be read again before every condition can be judged; "
            "those conditions were passed over."
        )
    for journey in made.journeys:
        for reason, count in journey.on_hold.items():
            yield f"{count} on hold in {journey.title}: {reason}"


def _journeys(made: Report) -> Table:
    columns = (
        "journey",
        "entered",
        "completed",
        "left",
        "goal",
        "waiting",
        "inside",
    )
    table = _numbers(*columns)
    for journey in made.journeys:
        table.add_row(
            Text(journey.title),
            str(journey.entered),
            str(sum(journey.completed.values())),
            str(sum(journey.revoked.values())),
            str(journey.goals),
            str(journey.waiting_at_end),
            str(journey.inside_at_end),
        )
    return table


def _numbers(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _messages(made: Report) -> Table:
    columns = ("messages", "sent", "delivered", "failed", "opened", "clicked", "parts")
    table = _numbers(*columns, f"cost ({made.currency})")
    for channel, found in made.channels.items():
        figures = (found.sent, found.delivered, found.failed, found.opened, found.clicked, found.parts)
        table.add_row(by(channel), *map(str, figures), f"{found.cost:.2f}")
    table.add_row("together", str(sum(c.sent for c in made.channels.values())), *[""] * 5, f"{made.cost:.2f}")
    return table


def _lists(made: Report) -> Iterator[tuple[str, Mapping[str, int]]]:
    yield "not sent, because", _reasons(made)
    yield "busiest days for messages", _top(together(made.sent_by_day))
    yield "hours with most messages", _top({f"{h}:00": n for h, n in together(made.sent_by_hour).items()})
    yield "tasks for staff", made.staff.by_title
    yield (
        "tasks on the busiest day, by owner",
        {f"{owner} ({busiest(days)[0]})": busiest(days)[1] for owner, days in made.staff.by_owner.items()},
    )
    yield "resources written", made.written
    yield "calls of webhooks", made.posted
    yield "replies supposed", some(made.staff.answers, _MOST)
    for journey in made.journeys:
        yield from _of_journey(journey)


def _of_journey(journey: JourneyFigures) -> Iterator[tuple[str, Mapping[str, int]]]:
    ended = {**journey.completed, **{f"left: {why}": n for why, n in journey.revoked.items()}}
    yield f"why {journey.title} ended", some(ended, _MOST)
    yield f"inside {journey.title} at the end, by step", some(journey.standing, _MOST)
    for step, found in journey.results.items():
        yield f"what came of {step}", found
    if journey.by_slots:
        day, most = busiest(journey.inside_by_day)
        yield "open invitations to slots, at most", {day: most}


def _reasons(made: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in made.suppressed:
        found[each.reason] = found.get(each.reason, 0) + each.count
    return some(dict(sorted(found.items(), key=lambda each: -each[1])), _MOST)


def _top(found: Mapping[str, int]) -> dict[str, int]:
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return dict(ranked[:3])


def _details(made: Report) -> Table:
    """Put the rest into one table: each topic's name beside its first line."""
    table = Table(box=SIMPLE, show_header=False)
    for title, found in _lists(made):
        for n, (name, count) in enumerate(found.items()):
            table.add_row(Text(title if n == 0 else "", style="dim"), Text(name), str(count))
        if found:
            table.add_section()
    return table


def _supposed(made: Report) -> str:
    said = ", ".join(f"{name} {value}" for name, value in made.assumed.items())
    return f"Supposed, not known (seed {made.seed}): {said}."


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Print what the file changes against the other version."""
    table = _numbers("compared", "old", "new", "difference")
    for line in comparison.lines:
        table.add_row(
            Text(line.what), number(line.old), number(line.new), number(line.difference, signed=True)
        )
    console.print(table)
    examples = f", for example {', '.join(comparison.examples)}" if comparison.examples else ""
    console.print(Text(f"{comparison.different} patients get something else{examples}."))


def shown_comparison(comparison: Comparison) -> dict[str, object]:
    """Return a comparison as JSON has it."""
    lines = [{**msgspec.structs.asdict(line), "difference": line.difference} for line in comparison.lines]
    return {**msgspec.structs.asdict(comparison), "lines": lines}


def number(value: float, *, signed: bool = False) -> str:
    """Write a count, or an amount with its cents."""
    sign = "+" if signed and value else ""
    return f"{value:{sign}.0f}" if float(value).is_integer() else f"{value:{sign}.2f}"

"""The report of a dry run as one HTML file: no scripts, nothing from elsewhere; for a manager to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape

from cli.simulation_charts import bars, lines
from cli.simulation_style import STYLE
from cli.simulation_text import heading, number
from shared.patient.messages import by
from shared.usecases.simulation.comparing import Comparison
from shared.usecases.simulation.figures import Table
from shared.usecases.simulation.report import JourneyFigures, Report, some, together

_MOST = 12
_OWNERS = 5


def page(made: Report, old: Report | None = None, comparison: Comparison | None = None) -> str:
    """Write the page; `old` is what another version came to, and `comparison` what is compared."""
    title = f"Dry run of {made.journeys[0].title}" if made.journeys else "Dry run"
    body = "".join(_sections(made, old, comparison))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>"
        f"<p>{escape(heading(made))}</p>{body}</main></body></html>\n"
    )


def _sections(made: Report, old: Report | None, comparison: Comparison | None) -> Iterator[str]:
    yield _tiles(made)
    if comparison is not None:
        yield _comparison(comparison)
    if old is not None:
        yield from _both(old, made)
    days = [_short(day) for day in made.days]
    yield bars("Messages by day and channel", days, _by_channel(made, made.days, made.sent_by_day))
    hours = [f"{hour:02}" for hour in range(24)]
    yield bars("Messages by hour of the day", hours, _by_channel(made, hours, made.sent_by_hour))
    yield lines("People inside, at the end of each day", days, _inside(made))
    yield bars("People entering by day", days, _entering(made))
    if made.staff.tasks:
        yield bars("Tasks for staff by day and owner", days, _tasks(made))
    yield _channels(made)
    yield _share_table("Not sent, because", _reasons(made))
    for journey in made.journeys:
        yield from _journey(journey)
    yield _share_table("Tasks for staff", made.staff.by_title)
    yield _share_table("Resources written", made.written)
    yield _share_table("Calls of webhooks", made.posted)
    yield _share_table("Replies supposed", some(made.staff.answers, _MOST))
    yield _supposed(made)


def _tiles(made: Report) -> str:
    tiles = {
        "patients": f"{made.patients:,}",
        "concerned": f"{made.concerned:,}",
        "entered": f"{sum(journey.entered for journey in made.journeys):,}",
        "messages": f"{sum(channel.sent for channel in made.channels.values()):,}",
        "not sent": f"{sum(each.count for each in made.suppressed):,}",
        "tasks for staff": f"{made.staff.tasks:,}",
        "inside at the end": f"{sum(journey.inside_at_end for journey in made.journeys):,}",
        f"cost, {made.currency}": f"{made.cost:,.2f}",
    }
    told = "".join(f"<div><b>{escape(value)}</b>{escape(name)}</div>" for name, value in tiles.items())
    return f'<section class="tiles">{told}</section>'


def _by_channel(made: Report, labels: Sequence[str], table: Table) -> dict[str, list[int]]:
    return {by(c): [table.get(label, {}).get(c, 0) for label in labels] for c in made.channels}


def _inside(made: Report) -> dict[str, list[int]]:
    return {j.title: [j.inside_by_day.get(day, 0) for day in made.days] for j in made.journeys}


def _entering(made: Report) -> dict[str, list[int]]:
    return {j.title: [j.entered_by_day.get(day, 0) for day in made.days] for j in made.journeys}


def _tasks(made: Report) -> dict[str, list[int]]:
    """Return the tasks of those who have most, and of all others together."""
    ranked = sorted(made.staff.by_owner.items(), key=lambda each: -sum(each[1].values()))
    shown = {owner: [days.get(day, 0) for day in made.days] for owner, days in ranked[:_OWNERS]}
    rest = [sum(days.get(day, 0) for _, days in ranked[_OWNERS:]) for day in made.days]
    return {**shown, "others": rest} if any(rest) else shown


def _reasons(made: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in made.suppressed:
        name = f"{each.reason} ({by(each.channel)})"
        found[name] = found.get(name, 0) + each.count
    return some(found, _MOST)


def _journey(journey: JourneyFigures) -> Iterator[str]:
    if not (journey.entered or journey.inside_before or journey.asked):
        return
    ended = {**journey.completed, **{f"left: {why}": count for why, count in journey.revoked.items()}}
    if journey.goals:
        yield _share_table(f"{journey.title}: goal", {"reached": journey.goals, "entered": journey.entered})
    yield _share_table(f"{journey.title}: why it ended", some(ended, _MOST))
    for step, found in journey.results.items():
        yield _share_table(f"{journey.title}: what came of {step}", found)
    yield _share_table(f"{journey.title}: inside at the end, by step", some(journey.standing, _MOST))
    yield _share_table(f"{journey.title}: on hold", some(journey.on_hold, _MOST))
    if journey.waiting_at_end:
        yield _share_table(f"{journey.title}: waiting to enter", {"at the end": journey.waiting_at_end})


def _channels(made: Report) -> str:
    head = ("channel", "sent", "delivered", "failed", "opened", "clicked", "parts", f"cost, {made.currency}")
    rows = [
        (by(name), c.sent, c.delivered, c.failed, c.opened, c.clicked, c.parts, f"{c.cost:,.2f}")
        for name, c in made.channels.items()
    ]
    return _table("Messages by channel", head, rows) if rows else ""


def _both(old: Report, new: Report) -> Iterator[str]:
    """Draw both versions over one another."""
    days = [_short(day) for day in new.days]
    sent = {name: together(each.sent_by_day) for name, each in (("old", old), ("new", new))}
    yield lines(
        "Messages by day, old and new",
        days,
        {name: [found.get(day, 0) for day in new.days] for name, found in sent.items()},
    )
    inside = {"old": [*_inside(old).values()], "new": [*_inside(new).values()]}
    yield lines(
        "People inside, old and new",
        days,
        {name: [sum(of) for of in zip(*found, strict=True)] for name, found in inside.items()},
    )


def _comparison(comparison: Comparison) -> str:
    rows = [
        (line.what, number(line.old), number(line.new), number(line.difference, signed=True))
        for line in comparison.lines
    ]
    said = f"{comparison.different} patients get something else."
    return _table("Compared", ("", "old", "new", "difference"), rows) + f"<p>{escape(said)}</p>"


def _supposed(made: Report) -> str:
    rows = list(made.assumed.items())
    return _table(f"Supposed, not known (seed {made.seed})", ("what", "value"), rows)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    top = "".join(f"<th>{escape(word)}</th>" for word in head)
    body = "".join("<tr>" + "".join(f"<td>{_cell(c)}</td>" for c in row) + "</tr>" for row in rows)
    return (
        f"<section><h2>{escape(title)}</h2><table><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></section>"
    )


def _share_table(title: str, found: Mapping[str, int]) -> str:
    """Write counts with a bar each, against the most of them; nothing where there are none."""
    if not found:
        return ""
    most = max(found.values())
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{count:,}</td>"
        f'<td class="share"><i style="width:{100 * count / most:.1f}%"></i></td></tr>'
        for name, count in found.items()
    )
    return f"<section><h2>{escape(title)}</h2><table><tbody>{rows}</tbody></table></section>"


def _cell(content: object) -> str:
    return f"{content:,}" if isinstance(content, int) else escape(str(content))


def _short(day: str) -> str:
    moment = date.fromisoformat(day)
    return f"{moment.day} {moment:%b}"

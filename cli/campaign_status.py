"""`hearthline campaign status`: how a campaign stands, who did what with it, and what has come of it."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.addressed import campaign_at
from cli.calling import Admin, by_api
from cli.campaign_moves import Reference
from cli.chosen import SettingsFile

MOST_RUNS = 12
"""The latest, of which results are shown."""

Messages = Annotated[
    bool, typer.Option("--messages", help="Count messages by status, too: a query for each person.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def show_status(
    campaign: Reference, messages: Messages = False, json: Json = False, settings_file: SettingsFile = None
) -> None:
    """Show how a campaign stands and what has come of it, as of now."""

    async def calls(admin: Admin) -> Any:
        asked = {"runs": MOST_RUNS, "results": True, "messages": messages}
        return await admin.read(await campaign_at(admin, campaign), asked)

    found = _told(by_api(settings_file, calls))
    if json:
        typer.echo(json_text.dumps(found, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"{found['campaign']} is {found['status']}", markup=False, soft_wrap=True)
    if found["next_run"]:
        console.print(f"next run: {found['next_run']}")
    if found["moves"]:
        console.print(_moves(found["moves"]))
    for run in found["runs"]:
        console.print(_run(run))


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Name the campaign as people do, and say how many are inside."""
    kept = {name: found[name] for name in ("status", "moves", "next_run")}
    runs = [{**run, "inside": _inside(run["by_status"])} for run in found["latest_runs"]]
    return {"campaign": f"{found['url']}|{found['version']}", **kept, "runs": runs}


def _inside(by_status: Mapping[str, int | None]) -> int | None:
    """Add up who is inside; None where a figure of a few is hidden."""
    counts = [by_status.get(status, 0) for status in ("active", "on-hold")]
    return None if None in counts else sum(count or 0 for count in counts)


def _moves(moves: list[dict[str, str]]) -> Table:
    table = Table("when", "what", "by", "as", "why")
    for move in moves:
        table.add_row(*(Text(move[name]) for name in ("at", "action", "by", "role", "reason")))
    return table


def _run(run: Mapping[str, Any]) -> Table:
    table = Table("", "", "people", title=f"run of {run['occurrence']}")
    for what, count in _counts(run):
        table.add_row(what, "", _figure(count))
    for name, counts in (("left out", "skipped"), ("not let in", "refused"), ("message", "messages")):
        for word, count in run[counts].items():
            table.add_row(name, Text(word), _figure(count))
    for step, ways in sorted(run["ways"].items()):
        for way, came in sorted(ways.items()):
            told = f"{way}: {_figure(came['goals'])} reached the goal"
            table.add_row(Text(step), Text(told), _figure(came["entered"]))
    if run["finished"] is None:
        table.add_row("still to come", f"done by {run['done_by'] or 'not known'}", _figure(run["remaining"]))
    return table


def _figure(count: int | None) -> str:
    return "few" if count is None else str(count)


def _counts(run: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    yield "asked", run["asked"]
    yield "entered", run["entered"]
    yield "inside", run["inside"]
    yield "completed", run["by_status"].get("completed", 0)
    yield "left early", run["by_status"].get("revoked", 0)
    yield "reached the goal", run["goals"]

"""`hearthline population`: how far the look at every patient is that a publication has set going."""

from __future__ import annotations

import asyncio
import json as json_text
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile

LOOK = 0.5
"""Seconds between two looks at a run."""

Version = Annotated[
    str, typer.Argument(help="Of the catalogue, as `publish` has named it; the latest run without it.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when every patient was looked at.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]

type Run = dict[str, Any]
"""How far a run is, as the admin API tells of it (getPublication)."""


def population(
    version: Version = "", settings_file: SettingsFile = None, wait: Wait = False, json: Json = False
) -> None:
    """Show a population run: how many patients were looked at, and who entered and left which segment."""
    console = Console()

    async def calls(admin: Admin) -> Run:
        wanted = version or "latest"
        return await (follow_run(admin, wanted, Console(stderr=json)) if wait else look_at_run(admin, wanted))

    run = by_api(settings_file, calls)
    if json:
        typer.echo(json_text.dumps(run))
    else:
        show_run(console, run)


async def look_at_run(admin: Admin, version: str) -> Run:
    """Read how far a run is. Raises Refused where there is none."""
    run: Run = await admin.read(f"/publications/{quote(version, safe='')}")
    return run


async def follow_run(admin: Admin, version: str, console: Console) -> Run:
    """Show a bar until the run is finished; how it ended. Raises Refused where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("looking at every patient", total=None)
        while (run := await look_at_run(admin, version))["status"] in ("waiting", "running"):
            bars.update(task, total=run["shards"] or None, completed=run["shards_done"])
            bars.update(task, description=f"{run['looked_at']} patients looked at")
            await asyncio.sleep(LOOK)
        bars.update(task, total=run["shards"], completed=run["shards_done"])
    return run


def show_run(console: Console, run: Run) -> None:
    """Print how far a run is, and what came of it for each segment."""
    if run["status"] in ("none", "waiting"):
        told = "nobody need be looked at for it" if run["status"] == "none" else "not begun yet"
        console.print(f"population {run['publication']}: {told}", highlight=False, soft_wrap=True)
        return
    ended = f"finished {run['finished']}" if run["finished"] is not None else "not finished"
    looked_at = f"{run['looked_at']} patients looked at, {_count(run['committed'])} written"
    console.print(
        f"population {run['publication']}: {looked_at}, "
        f"{_sum(run, 'entered')} entered and {_sum(run, 'left')} left a segment; "
        f"{run['shards_done']} of {run['shards']} shards done; started {run['started']}, {ended}",
        highlight=False,
        soft_wrap=True,
    )
    table = Table("segment", "members", "entered", "left")
    for each in run["segments"]:
        counts = (_count(each[name]) for name in ("members", "entered", "left"))
        table.add_row(Text(each["url"], overflow="fold"), *counts)
    if run["segments"]:
        console.print(table)


def _sum(run: Run, name: str) -> str:
    counts = [each[name] for each in run["segments"]]
    return "few" if None in counts else str(sum(counts))


def _count(count: int | None) -> str:
    """Say a count; one of few people is not told to everybody."""
    return "few" if count is None else str(count)

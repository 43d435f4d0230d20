"""`hearthline population`: how far the look at every patient is that a publication has set going."""

from __future__ import annotations

import asyncio
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile, chosen
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError, Rejected
from shared.fhir.instants import iso
from shared.usecases import population as runs
from shared.usecases.populate import population_progress
from shared.usecases.publish import load_shelf
from shared.usecases.services import Services

LOOK = 0.5
"""Seconds between two looks at a run."""

Version = Annotated[
    str, typer.Argument(help="Of the catalogue, as `publish` has named it; the latest run without it.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when every patient was looked at.")]


def population(version: Version = "", settings_file: SettingsFile = None, wait: Wait = False) -> None:
    """Show a population run: how many patients were looked at, and who entered and left which segment."""
    console = Console()
    try:
        progress = asyncio.run(_population(chosen(settings_file), version, wait, console))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    show(console, progress)


async def _population(settings: Settings, version: str, wait: bool, console: Console) -> runs.Progress:
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        wanted = version or (await load_shelf(services.documents))[0].population
        if not wanted:
            raise Rejected("no segment was published yet")
        return await (follow(services, wanted, console) if wait else look(services, wanted))


async def look(services: Services, version: str) -> runs.Progress:
    """Read how far a run is. Raises Rejected where there is none."""
    progress = await population_progress(services, version)
    if progress is None:
        raise Rejected(f"there is no population run for version {version}")
    return progress


async def follow(services: Services, version: str, console: Console) -> runs.Progress:
    """Show a bar until the run is finished; how it ended. Raises Rejected where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("looking at every patient", total=None)
        while (progress := await look(services, version)).finished is None:
            bars.update(task, total=progress.population.shards, completed=progress.shards_done)
            bars.update(task, description=f"{progress.looked_at} patients looked at")
            await asyncio.sleep(LOOK)
        bars.update(task, total=progress.population.shards, completed=progress.shards_done)
    return progress


def show(console: Console, progress: runs.Progress) -> None:
    """Print how far a run is, and what came of it for each segment."""
    run = progress.population
    ended = f"finished {iso(progress.finished)}" if progress.finished is not None else "not finished"
    console.print(
        f"population {run.version}: {progress.looked_at} patients looked at, {progress.committed} written, "
        f"{progress.entered} entered and {progress.left} left a segment; "
        f"{progress.shards_done} of {run.shards} shards done; started {iso(run.started)}, {ended}",
        highlight=False,
        soft_wrap=True,
    )
    table = Table("segment", "members", "entered", "left")
    for url, tally in sorted(progress.segments.items()):
        table.add_row(Text(url, overflow="fold"), str(tally.members), str(tally.entered), str(tally.left))
    if progress.segments:
        console.print(table)

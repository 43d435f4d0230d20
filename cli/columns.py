"""`hearthline columns build`: put a population into columns, from files or from the patient store.

`hearthline segment preview` asks them. They hold health data: keep them as the store is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import aiohttp
import typer
from rich.console import Console

from cli.chosen import SettingsFile, chosen
from cli.segment_options import AsOf, Zone, instant, spinner
from cli.segment_population import Population
from shared.bootstrap import build as build_services
from shared.bootstrap import columns_writer
from shared.config import Settings
from shared.errors import HearthlineError
from shared.fhir.instants import Instant, from_datetime, iso
from shared.fhir.lens import Lens
from shared.segment.columns import Snapshot
from shared.usecases.columns import write_columns

columns = typer.Typer(help="The population in columns, for previews.", no_args_is_help=True)

Target = Annotated[Path, typer.Option("--to", help="A folder of its own; what it held before is replaced.")]
Files = Annotated[
    Path | None, typer.Option("--data", help="Files instead of the patient store.", exists=True)
]


@columns.callback()
def _group() -> None:
    """Keep `build` a subcommand."""


@columns.command()
def build(
    to: Target,
    data: Files = None,
    zone: Zone = "UTC",
    as_of: AsOf = "",
    settings_file: SettingsFile = None,
) -> None:
    """Write columns of everybody in the patient store, or in files."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        with spinner(console) as bars:
            task = bars.add_task("writing columns", total=None)
            say = lambda words: bars.update(task, description=words)  # noqa: E731 - a callback
            if data is None:
                made = asyncio.run(_from_store(chosen(settings_file), to, say))
            else:
                made = build_from_files(data, to, ZoneInfo(zone), Lens(), instant(as_of, zone), console, say)
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    console.print(f"{made.patients} patients, {made.facts} facts, as of {iso(made.as_of)}.", highlight=False)


def build_from_files(
    data: Path,
    to: Path,
    zone: ZoneInfo,
    lens: Lens,
    as_of: Instant | None,
    console: Console,
    say: Callable[[str], object] = lambda words: None,
) -> Snapshot:
    """Read files and write columns; `lens` is what segments ask of resources. Raises OSError."""
    population = Population(zone, lens)
    say("reading files")
    population.read(data, lambda problem: console.print(problem, style="yellow", markup=False))
    say(f"writing columns of {len(population)} patients")
    with closing(columns_writer(to)) as writer:
        for record in population.records():
            writer.add(record)
        return writer.finish(from_datetime(datetime.now(UTC)) if as_of is None else as_of)


async def _from_store(settings: Settings, to: Path, say: Callable[[str], object]) -> Snapshot:
    async with aiohttp.ClientSession() as session:
        services = await build_services(settings, session)
        with closing(columns_writer(to)) as writer:
            return await write_columns(services, writer, lambda done: say(f"{done} patients written"))

"""`hearthline replay`: put the events of dead-letter blobs, fetched into files, back onto the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile, chosen
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError, Rejected
from shared.usecases.replay import Replayed
from shared.usecases.replay import replay as replay_blob

Files = Annotated[
    list[Path], typer.Argument(help="Dead-letter blobs, or folders of them (*.json).", exists=True)
]


def replay(files: Files, settings_file: SettingsFile = None) -> None:
    """Replay events that Event Grid gave up; to do it twice changes nothing more."""
    console = Console()
    try:
        settings = chosen(settings_file)
        outcomes = asyncio.run(_replay_all(settings, list(_blobs(files))))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    console.print(_table(outcomes))
    queued = sum(outcome.queued for _, outcome in outcomes if isinstance(outcome, Replayed))
    refused = sum(isinstance(outcome, Rejected) for _, outcome in outcomes)
    console.print(f"{queued} changes queued from {len(outcomes) - refused} of {len(outcomes)} files.")
    raise typer.Exit(1 if refused or not outcomes else 0)


type Outcome = tuple[Path, Replayed | Rejected]


def _blobs(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        yield from sorted(place.rglob("*.json")) if place.is_dir() else (place,)


async def _replay_all(settings: Settings, files: Sequence[Path]) -> list[Outcome]:
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        outcomes: list[Outcome] = []
        for path in files:
            blob = await asyncio.to_thread(path.read_bytes)
            try:
                outcomes.append((path, await replay_blob(services, blob)))
            except Rejected as rejected:
                outcomes.append((path, rejected))
        return outcomes


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("file", "events", "queued", "why they were given up")
    for path, outcome in outcomes:
        if isinstance(outcome, Rejected):
            table.add_row(path.name, "", "", Text(f"not replayed: {outcome.reason}", "red"))
            continue
        reasons = [f"{reason}: {count}" for reason, count in outcome.reasons]
        reasons += [f"not queued: {ignored.reason}" for ignored in outcome.ignored]
        table.add_row(path.name, str(outcome.events), str(outcome.queued), Text("\n".join(reasons)))
    return table

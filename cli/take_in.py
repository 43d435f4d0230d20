"""`hearthline take-in`: make records of the patients that a FHIR server has had before we came."""

from __future__ import annotations

import asyncio

import aiohttp
import typer
from rich.console import Console
from rich.progress import Progress

from cli.chosen import SettingsFile, chosen
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError
from shared.usecases.take_in import take_in_everyone


def take_in(settings_file: SettingsFile = None) -> None:
    """Read every patient whole from the FHIR server; to do it again changes only what has changed."""
    console = Console()
    try:
        found = asyncio.run(_take_in(chosen(settings_file), console))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    console.print(f"{found} patients taken in.")


async def _take_in(settings: Settings, console: Console) -> int:
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        with Progress(console=console) as bars:
            task = bars.add_task("taking in patients", total=None)
            found = await take_in_everyone(
                services, lambda done, of: bars.update(task, completed=done, total=of)
            )
    return len(found)

"""`hearthline segment take-valueset`: a newer version of a value set, from the FHIR server into force."""

from __future__ import annotations

import asyncio
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from cli.chosen import SettingsFile, chosen
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError
from shared.usecases.populate import start_population
from shared.usecases.value_sets import TakenValueSet
from shared.usecases.value_sets import take_value_set as take

Reference = Annotated[str, typer.Argument(metavar="URL", help="Of the value set; url|version for that one.")]


def take_valueset(reference: Reference, settings_file: SettingsFile = None) -> None:
    """Publish a value set as the FHIR server has it now, unless its codes are published already."""
    try:
        asyncio.run(_take(chosen(settings_file), reference))
    except (HearthlineError, OSError) as problem:
        told = f"{reference}: {problem}"
        Console(stderr=True).print(told, style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


async def _take(settings: Settings, reference: str) -> None:
    """Take it, and have everybody looked at for the segments that use it."""
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        taken = await take(services, reference)
        typer.echo(_said(taken))
        if taken.published is not None and taken.published.population:
            await start_population(services, taken.published.population, delay=settings.catalogue_seconds + 1)


def _said(taken: TakenValueSet) -> str:
    if taken.published is None:
        said = f"{taken.codes} codes, as in version {taken.version}."
    else:
        said = f"{taken.codes} codes; published {', '.join(taken.published.added)}."
    if taken.latest != taken.version:
        said += f" Segments that name no version go by {taken.latest}."
    return said

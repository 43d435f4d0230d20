"""`hearthline segment group` and `take-list`: a segment as FHIR Groups, and a FHIR Group as a static list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated

import aiohttp
import orjson
import typer
from rich.console import Console

from cli.chosen import SettingsFile, chosen
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError
from shared.usecases.groups import Written, groups_of, write_groups
from shared.usecases.populate import start_population
from shared.usecases.static_lists import TakenList
from shared.usecases.static_lists import take_list as take

Url = Annotated[str, typer.Argument(help="The url of a published segment.")]


def group(
    url: Url,
    settings_file: SettingsFile = None,
    write: Annotated[bool, typer.Option("--write", help="Write to the FHIR server, not to here.")] = False,
) -> None:
    """Give a segment's members as FHIR Groups: a line of JSON each, or written to the FHIR server."""
    _run(lambda: _group(chosen(settings_file), url, write=write))


def take_list(
    reference: Annotated[str, typer.Argument(help="The Group on the FHIR server: Group/123.")],
    url: Annotated[str, typer.Argument(help="The url by which segments ask the list (in_list).")],
    settings_file: SettingsFile = None,
    title: Annotated[str, typer.Option(help="What people call the list.")] = "",
) -> None:
    """Publish the people of a FHIR Group as a static list; if they have changed, as its next version."""
    _run(lambda: _take_list(chosen(settings_file), reference, url, title))


def _run(begin: Callable[[], Coroutine[None, None, None]]) -> None:
    try:
        asyncio.run(begin())
    except (HearthlineError, OSError) as problem:
        Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None


async def _group(settings: Settings, url: str, *, write: bool) -> None:
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        if not write:
            async for made in groups_of(services, url):
                typer.echo(orjson.dumps(made))
            return
        for written in await write_groups(services, url):
            typer.echo(_said(written))


def _said(written: Written) -> str:
    verb = "written" if written.changed else "stays"
    return f"{written.reference} {verb}, version {written.version}"


async def _take_list(settings: Settings, reference: str, url: str, title: str) -> None:
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        taken: TakenList = await take(services, reference, url, title)
        if taken.published is None:
            typer.echo(f"{taken.people} people, as before.")
            return
        typer.echo(f"{taken.people} people; published {', '.join(taken.published.added)}.")
        if taken.published.population:
            await start_population(services, taken.published.population, delay=settings.catalogue_seconds + 1)

"""`hearthline publish`: put definitions in force, and have every patient looked at with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from cli.chosen import SettingsFile, chosen
from cli.definitions import SHIPPED, read_definitions
from cli.population import follow, show
from shared.bootstrap import build
from shared.catalogue import Document
from shared.config import Settings
from shared.errors import HearthlineError, Rejected
from shared.usecases.populate import start_population
from shared.usecases.population import Progress
from shared.usecases.publish import Published
from shared.usecases.publish import publish as publish_documents
from shared.usecases.services import Services
from shared.usecases.templates.approval import refuse_unready
from shared.usecases.value_sets import complete

Folder = Annotated[
    Path, typer.Argument(help="With segments/, journeys/, templates/ and valuesets/; what ships without it.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when every patient was looked at.")]
Shards = Annotated[
    int | None,
    typer.Option(
        "--shards",
        min=1,
        max=1000,
        help="Into how many parts the patients fall; by their number if not given.",
    ),
]
Approved = Annotated[
    bool, typer.Option("--approved-only", help="No template that nobody approved; marketing never without.")
]
Lint = Annotated[bool, typer.Option("--lint", help="No template in which lint finds errors.")]


def publish(
    folder: Folder = SHIPPED,
    settings_file: SettingsFile = None,
    wait: Wait = False,
    shards: Shards = None,
    approved_only: Approved = False,
    lint: Lint = False,
) -> None:
    """Publish a folder of definitions; a version that is published already stays as it is."""
    console = Console()
    try:
        documents = read_definitions(folder)
        if not documents:
            raise Rejected(f"{folder}: there are no definitions in it")
        settings = chosen(settings_file)
        asked = partial(refuse_unready, approved_only=approved_only, linted=lint)
        published, read, progress = asyncio.run(_publish(settings, documents, asked, wait, shards, console))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    for document in read:
        console.print(f"read from the FHIR server: {document.canonical}", highlight=False, soft_wrap=True)
    for name in published.added:
        console.print(f"published {name}", highlight=False, soft_wrap=True)
    console.print(
        f"{len(published.added)} of {len(documents) + len(read)} were new; {_said(published)}.",
        highlight=False,
        soft_wrap=True,
    )
    if progress is not None:
        show(console, progress)


def _said(published: Published) -> str:
    if not published.added or published.population != published.version:
        return "nobody need be looked at for them"
    return f"every patient is looked at (hearthline population {published.population})"


async def _publish(
    settings: Settings,
    documents: tuple[Document, ...],
    ready: Callable[[Services, tuple[Document, ...]], Awaitable[None]],
    wait: bool,
    shards: int | None,
    console: Console,
) -> tuple[Published, tuple[Document, ...], Progress | None]:
    """Publish, and start the run, or go on with the latest: the publisher before may not have come so far.

    Value sets that are missing are read from the FHIR server; they come second in the answer. The run waits
    until every instance has noticed the publication.
    """
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        await ready(services, documents)
        whole = await complete(services, documents)
        published = await publish_documents(services, whole.documents, sought=whole.sought)
        if not published.population:
            return published, whole.read, None
        delay = settings.catalogue_seconds + 1 if published.added else 0.0
        await start_population(services, published.population, shards, delay)
        progress = await follow(services, published.population, console) if wait else None
        return published, whole.read, progress

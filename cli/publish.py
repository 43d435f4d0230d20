"""`hearthline publish`: put definitions in force, and have every patient looked at with them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from cli.chosen import SettingsFile, chosen
from cli.definitions import SHIPPED, read_definitions
from shared.bootstrap import build
from shared.catalogue import Document
from shared.config import Settings
from shared.errors import HearthlineError
from shared.usecases.publish import Published
from shared.usecases.publish import publish as publish_documents
from shared.usecases.sweep import look_at_everyone

Folder = Annotated[
    Path, typer.Argument(help="With segments/, journeys/, templates/ and valuesets/; what ships without it.")
]


def publish(folder: Folder = SHIPPED, settings_file: SettingsFile = None) -> None:
    """Publish a folder of definitions; a version that is published already stays as it is."""
    console = Console()
    try:
        documents = read_definitions(folder)
        published, queued = asyncio.run(_publish(chosen(settings_file), documents))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    for name in published.added:
        console.print(f"published {name}", highlight=False)
    console.print(
        f"{len(published.added)} of {len(documents)} were new; {queued} patients will be looked at."
    )


async def _publish(settings: Settings, documents: tuple[Document, ...]) -> tuple[Published, int]:
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        published = await publish_documents(services, documents)
        queued = await look_at_everyone(services, published.version) if published.added else 0
        return published, queued

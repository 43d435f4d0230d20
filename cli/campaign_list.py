"""`hearthline campaign list`: every published campaign, how it stands, and when it runs next."""

from __future__ import annotations

import json as json_text
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.instants import iso
from shared.usecases.campaigns.listing import Listed, listing
from shared.usecases.services import Services

Json = Annotated[bool, typer.Option("--json", help="A JSON array.")]


def list_campaigns(json: Json = False, settings_file: SettingsFile = None) -> None:
    """List the published campaigns."""

    async def work(services: Services, _: Settings) -> tuple[Listed, ...]:
        return await listing(services)

    found = on_deployment(settings_file, work)
    if json:
        typer.echo(json_text.dumps([_told(each) for each in found], ensure_ascii=False))
        return
    table = Table("campaign", "title", "is", "runs", "next run")
    for each in found:
        cells = (each.campaign, each.title, each.status, str(each.runs), _next(each))
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    Console().print(table)


def _told(each: Listed) -> dict[str, object]:
    told = {"campaign": each.campaign, "title": each.title, "status": each.status, "runs": each.runs}
    return {**told, "next_run": _next(each) or None}


def _next(each: Listed) -> str:
    return iso(each.next_run) if each.next_run is not None else ""

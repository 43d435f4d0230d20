"""`hearthline campaign list`: every published campaign, how it stands, and when it runs next."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile

Json = Annotated[bool, typer.Option("--json", help="A JSON array.")]


def list_campaigns(json: Json = False, settings_file: SettingsFile = None) -> None:
    """List the published campaigns."""

    async def calls(admin: Admin) -> list[dict[str, Any]]:
        return [_told(each) async for each in admin.pages("/campaigns")]

    found = by_api(settings_file, calls)
    if json:
        typer.echo(json_text.dumps(found, ensure_ascii=False))
        return
    table = Table("campaign", "title", "is", "runs", "next run")
    for each in found:
        cells = (each["campaign"], each["title"], each["status"], str(each["runs"]), each["next_run"] or "")
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    Console().print(table)


def _told(each: dict[str, Any]) -> dict[str, Any]:
    """Name a campaign as people do, not by the id of its address."""
    told = {name: each[name] for name in ("title", "status", "runs", "next_run")}
    return {"campaign": f"{each['url']}|{each['version']}", **told}

"""`hearthline journey migrate`: move those in one version of a journey to another, or count them first."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.addressed import journey_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.journey_control import Url
from cli.switching import By, Json, Reason

Renamed = Annotated[
    list[str], typer.Option("--step", help="A step with another name there, old=new; may be repeated.")
]


def migrate(
    url: Url,
    from_version: Annotated[str, typer.Option("--from", help="The version that they are in.")],
    to_version: Annotated[str, typer.Option("--to", help="The version to go on in.")],
    by: By,
    reason: Reason,
    step: Renamed = [],  # noqa: B006 - typer's way
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would happen; write nothing.")
    ] = False,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Move them to the same step of another version, or to its new name; whoever cannot stays."""
    order = {
        "from_version": from_version,
        "to_version": to_version,
        "steps": dict(map(_pair, step)),
        "reason": reason,
        "dry_run": dry_run,
    }
    errors = Console(stderr=True)

    async def calls(admin: Admin) -> dict[str, Any]:
        started = (await admin.call("POST", f"{journey_at(url)}/migrate", order)).json()
        return await admin.follow(started, errors)

    found = by_api(settings_file, calls, by)
    if json:
        typer.echo(json_text.dumps(found))
        return
    console = Console(highlight=False)
    verb = "would be moved" if dry_run else "moved"
    told = f"{found['moved']} of {found['meant']} {verb} from {found['from']} to {found['to']}"
    console.print(told, markup=False, soft_wrap=True)
    table = Table("", "enrolments")
    for name, count in (("out at once", found["left"]), ("on hold", found["on_hold"])):
        table.add_row(name, str(count))
    table.add_row("messages asked for by it", str(found["messages"]))
    for why, count in found["not_moved"].items():
        table.add_row(Text(f"not moved: {why}"), str(count))
    console.print(table)


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise typer.BadParameter(f"{text!r} is not old=new")
    return old, new

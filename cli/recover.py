"""`hearthline recover`: search the FHIR server for what changed since an instant, and queue what we lack."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.instants import instant
from shared.fhir.instants import iso
from shared.fhir.project import KEPT_TYPES

Since = Annotated[str, typer.Argument(help="2026-03-01T00:00:00Z, by the FHIR server's clock.")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Only this type of resource; may be repeated.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON: how many of each type, and deletions.")]


def recover(
    since: Since, types: Types = None, settings_file: SettingsFile = None, as_json: Json = False
) -> None:
    """Queue every change since SINCE that no record shows; to do it twice changes nothing more."""
    begin = instant(since)
    if unknown := sorted(set(types or ()) - KEPT_TYPES):
        raise typer.BadParameter(f"{', '.join(unknown)}: none of {', '.join(sorted(KEPT_TYPES))}")
    console = Console(stderr=True, highlight=False)

    async def calls(admin: Admin) -> dict[str, Any]:
        body = {"since": begin and iso(begin), "types": sorted(set(types or ()))}
        started = (await admin.call("POST", "/reconciliations", body)).json()
        return await admin.follow(started, console)

    found = by_api(settings_file, calls)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, number in found["queued"].items():
        console.print(f"{name}: {number}")
    typer.echo(f"{found['changes']} changes queued.")

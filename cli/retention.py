"""`hearthline privacy retention`: how long things are kept, and how far the walk is that prunes them.

Carried out over storage, not by the admin API: it shows settings, and takes a walk that may last for hours.
"""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.chosen import SettingsFile
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.instants import iso
from shared.usecases.privacy.readable import readable
from shared.usecases.retention.prune import Pruned
from shared.usecases.retention.walk import Walk, progress, run_retention
from shared.usecases.services import Services


def retention(
    now: Annotated[bool, typer.Option("--now", help="Go on with the walk until it is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Show how long things are kept, and how far the walk is that prunes them."""

    async def work(services: Services, settings: Settings) -> tuple[Settings, Walk]:
        if now:
            await run_retention(services, settings.retention, seconds=float("inf"))
        return settings, await progress(services)

    settings, walk = on_deployment(settings_file, work)
    if as_json:
        kept = settings.retention.model_dump()
        typer.echo(json.dumps({"kept": kept, "walk": readable(walk)}))
        return
    table = Table("kind", "kept for")
    for kind, length in settings.retention.model_dump().items():
        table.add_row(kind, length or "as long as the person")
    Console().print(table)
    if walk.began is None:
        _say("There was no walk yet.")
        return
    stands = "done" if walk.phase == "done" else f"at the {walk.phase}"
    _say(f"The last walk began {iso(walk.began)} and is {stands}.")
    _say(_pruned(walk.pruned))


def _pruned(gone: Pruned) -> str:
    return (
        f"It looked at {gone.patients} patients; {gone.messages} messages, {gone.timeline} commits of the "
        f"timeline, {gone.engagement} facts of engagement and {gone.links} links went."
    )


def _say(text: str) -> None:
    Console().print(text, highlight=False, markup=False, soft_wrap=True)

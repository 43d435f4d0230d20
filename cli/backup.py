"""`hearthline backup`: save all tables, put them back, and hold whoever was written to in between."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from cli.chosen import SettingsFile
from cli.instants import instant
from cli.switching import By, Reason
from cli.working import on_deployment
from shared.bootstrap import open_backups
from shared.config import Settings
from shared.ports import Backup, BackupPart
from shared.usecases.controls import switch_sending
from shared.usecases.privacy.reads import note
from shared.usecases.restored import Held, hold_everybody, hold_written_to
from shared.usecases.services import Services
from shared.usecases.trail.upkeep import settle_trail

backup = typer.Typer(help="All tables into a folder and back.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="A folder: what is in it is health data.", file_okay=False)]
GoOn = Annotated[bool, typer.Option("--go-on", help="Go on with a restore that did not end.")]
Since = Annotated[str, typer.Option("--since", help="When the backup was begun: 2026-03-02T09:00:00Z.")]
Everybody = Annotated[
    bool, typer.Option("--everybody", help="Where messages are not written to the FHIR server: hold all.")
]


@backup.command()
def save(
    folder: Folder,
    by: Annotated[str, typer.Option("--by", help="Who does it, for the audit trail.")] = "operator",
    settings_file: SettingsFile = None,
) -> None:
    """Write all rows of all tables into an empty FOLDER; everything goes on meanwhile."""

    async def work(services: Services, settings: Settings) -> Backup:
        await note(services, "backup", "", by)
        async with aiohttp.ClientSession() as session:
            return await (await open_backups(settings, session)).save(folder, _tell)

    saved = on_deployment(settings_file, work)
    typer.echo(f"{_counted(saved)} saved in {folder}, begun at {saved.begun}")


@backup.command()
def restore(
    folder: Folder, by: By, reason: Reason, go_on: GoOn = False, settings_file: SettingsFile = None
) -> None:
    """Put a backup into empty tables, and switch sending off: stop the function app before.

    What to do then, and in which order: docs/operations.md, "Restoring from a backup".
    """

    async def work(services: Services, settings: Settings) -> Backup:
        async with aiohttp.ClientSession() as session:
            restored = await (await open_backups(settings, session)).restore(folder, _tell, go_on=go_on)
        await settle_trail(services)
        await note(services, "restore", "", by, reason)
        await switch_sending(services, on=False, by=by, reason=reason)
        return restored

    restored = on_deployment(settings_file, work)
    typer.echo(f"{_counted(restored)} restored as of {restored.begun}. Sending is off.")


@backup.command()
def hold(
    by: By,
    reason: Reason,
    since: Since = "",
    everybody: Everybody = False,
    settings_file: SettingsFile = None,
) -> None:
    """Put those on hold who were written to since the backup, as their records do not know of it."""
    begun = instant(since)
    if (begun is None) != everybody:
        raise typer.BadParameter("either --since or --everybody")

    async def work(services: Services, _settings: Settings) -> Held:
        if begun is None:
            return await hold_everybody(services, by, reason)
        return await hold_written_to(services, begun, by, reason)

    held = on_deployment(settings_file, work)
    typer.echo(f"{held.enrolments} enrolment(s) of {held.patients} patient(s) are on hold.")


def _tell(part: BackupPart) -> None:
    Console(stderr=True, highlight=False).print(f"{part.name}: {part.rows} rows")


def _counted(found: Backup) -> str:
    return ", ".join(f"{rows} rows of {table}" for table, rows in found.rows.items()) or "Nothing"

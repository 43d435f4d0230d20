"""`hearthline recover`: search the FHIR server for what changed since an instant, and queue what we lack."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from cli.chosen import SettingsFile
from cli.instants import instant
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.project import KEPT_TYPES
from shared.usecases.recover import search_changes
from shared.usecases.services import Services

Since = Annotated[str, typer.Argument(help="2026-03-01T00:00:00Z, by the FHIR server's clock.")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Only this type of resource; may be repeated.")
]


def recover(since: Since, types: Types = None, settings_file: SettingsFile = None) -> None:
    """Queue every change since SINCE that no record shows; to do it twice changes nothing more."""
    begin = instant(since)
    if unknown := sorted(set(types or ()) - KEPT_TYPES):
        raise typer.BadParameter(f"{', '.join(unknown)}: none of {', '.join(sorted(KEPT_TYPES))}")

    async def work(services: Services, _settings: Settings) -> int:
        queued = 0
        for name in sorted(types or KEPT_TYPES):
            found = await search_changes(services, name, begin)
            if found:
                Console(stderr=True, highlight=False).print(f"{name}: {found}")
            queued += found
        return queued

    typer.echo(f"{on_deployment(settings_file, work)} changes queued.")

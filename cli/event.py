"""`hearthline event`: tell a patient's journeys of something that no FHIR resource says, as the API does."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from cli.chosen import SettingsFile
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.custom_events import parse_told
from shared.fhir.notification import Limits
from shared.usecases.custom_events import queue_event
from shared.usecases.services import Services


def event(
    name: Annotated[str, typer.Argument(help="The event's name, as journeys have it: no-show.")],
    patient: Annotated[str, typer.Option("--patient", help="FHIR id of the patient.")],
    event_id: Annotated[str, typer.Option("--id", help="What it is known by: the same counts once.")],
    at: Annotated[str, typer.Option("--at", help="When it happened; now if not given.")] = "",
    settings_file: SettingsFile = None,
) -> None:
    """Tell of an event of one patient; told twice under one id it counts once."""
    fields = {"id": event_id, "patient": {"reference": f"Patient/{patient.removeprefix('Patient/')}"}}
    body = orjson.dumps({**fields, "at": at} if at else fields)

    async def work(services: Services, _: Settings) -> None:
        await queue_event(services, parse_told(name, body, Limits()))

    on_deployment(settings_file, work)
    typer.echo("queued")

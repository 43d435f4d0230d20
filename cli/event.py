"""`hearthline event`: tell a patient's journeys of something that no FHIR resource says, by the admin API."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any

import typer

from cli.addressed import patient_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile


def event(
    name: Annotated[str, typer.Argument(help="The event's name, as journeys have it: no-show.")],
    patient: Annotated[str, typer.Option("--patient", help="FHIR id of the patient.")],
    event_id: Annotated[str, typer.Option("--id", help="What it is known by: the same counts once.")],
    at: Annotated[str, typer.Option("--at", help="When it happened; now if not given.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Tell of an event of one patient who is known here; told twice under one id it counts once."""
    body = {"name": name, "id": event_id, **({"at": at} if at else {})}

    async def calls(admin: Admin) -> Any:
        return (await admin.call("POST", f"{patient_at(patient)}/events", body)).json()

    told = by_api(settings_file, calls)
    typer.echo(json_text.dumps(told) if json else told["state"])

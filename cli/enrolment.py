"""`hearthline enrolment`: what staff do with one patient's enrolments, by the admin API."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.addressed import definition_at, enrolment_at, patient_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.instants import instant
from cli.switching import By, Reason
from shared.fhir.instants import iso

Patient = Annotated[str, typer.Option("--patient", help="FHIR id of the patient.")]
Which = Annotated[str, typer.Argument(help="The enrolment's id, or the beginning of it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]

enrolment = typer.Typer(help="See and steer one patient's enrolments.", no_args_is_help=True)


@enrolment.command("list")
def show(patient: Patient, json: Json = False, settings_file: SettingsFile = None) -> None:
    """Show which journeys a patient is in, where they stand, and which they were in."""

    async def calls(admin: Admin) -> Any:
        return await admin.read(f"{patient_at(patient)}/enrolments")

    found = by_api(settings_file, calls)
    if json:
        typer.echo(json_text.dumps(found))
        return
    console = Console()
    if found["items"]:
        console.print(_table(found["items"]))
    inside = {each["url"] for each in found["items"]}
    for past in found["history"]:
        if past["url"] not in inside:
            told = f"was in {past['url']}: entered {past['entries']} times, last {past['last_entered']}"
            console.print(told, highlight=False, markup=False, soft_wrap=True)
    if not found["history"] and not found["items"]:
        console.print("The patient has never been in a journey.")


def _table(items: list[dict[str, Any]]) -> Table:
    table = Table("enrolment", "journey", "stands at", "until", "entered", "status")
    for each in items:
        journey = f"{each['url']}|{each['version']}"
        held = each["status"] == "on-hold" and each["reason"]
        status = f"{each['status']}: {each['reason']}" if held else each["status"]
        cells = (each["enrolment"], journey, each["step"], each["due"] or "", each["entered"], status)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    return table


@enrolment.command()
def pause(
    which: Which,
    patient: Patient,
    by: By,
    reason: Reason,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Let the patient stand still in a journey; its messages wait."""
    _ask(settings_file, patient, which, "pause", by, {"reason": reason}, json=json)


@enrolment.command()
def resume(
    which: Which,
    patient: Patient,
    by: By,
    reason: Reason,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Let the patient go on who was paused."""
    _ask(settings_file, patient, which, "resume", by, {"reason": reason}, json=json)


@enrolment.command()
def stop(
    which: Which,
    patient: Patient,
    by: By,
    reason: Reason,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Make the patient leave a journey; what it has not sent yet is called off."""
    _ask(settings_file, patient, which, "stop", by, {"reason": reason}, json=json)


@enrolment.command()
def retry(
    which: Which,
    patient: Patient,
    by: By,
    reason: Reason,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Try the step again at which something failed."""
    _ask(settings_file, patient, which, "retry", by, {"reason": reason}, json=json)


@enrolment.command()
def move(
    which: Which,
    patient: Patient,
    to: Annotated[str, typer.Option("--to", help="Id of the step.")],
    by: By,
    reason: Reason,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Put the patient onto another step of the same journey."""
    _ask(settings_file, patient, which, "move", by, {"reason": reason, "step": to}, json=json)


@enrolment.command()
def enter(
    journey: Annotated[str, typer.Argument(help="The journey's url; its latest version is entered.")],
    patient: Patient,
    by: By,
    reason: Reason,
    focus: Annotated[
        str, typer.Option("--focus", help="The resource it is about, such as Appointment/1.")
    ] = "",
    at: Annotated[str, typer.Option("--at", help="Not before this instant.")] = "",
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Bring the patient into a journey, as its audience and its re-entry rule allow."""
    not_before = instant(at)
    asked = {
        "journey": definition_at("journey", journey),
        "reason": reason,
        "focus": focus,
        "not_before": iso(not_before) if not_before is not None else "",
    }

    async def calls(admin: Admin) -> Any:
        return (await admin.call("POST", f"{patient_at(patient)}/enrolments", asked)).json()

    _tell(by_api(settings_file, calls, by), json=json)


type _Action = Literal["pause", "resume", "stop", "retry", "move"]


def _ask(
    settings_file: Path | None,
    patient: str,
    which: str,
    action: _Action,
    by: str,
    body: Mapping[str, str],
    *,
    json: bool,
) -> None:
    async def calls(admin: Admin) -> Any:
        path = await enrolment_at(admin, patient, which)
        return (await admin.call("POST", f"{path}/{action}", body)).json()

    _tell(by_api(settings_file, calls, by), json=json)


def _tell(found: Mapping[str, Any], *, json: bool) -> None:
    """Print how the enrolment stands now."""
    if json:
        typer.echo(json_text.dumps(found))
        return
    where = f" at {found['step']}" if found["step"] else ""
    until = f" until {found['due']}" if found["due"] else ""
    told = f"enrolment {found['enrolment']} is {found['status']}{where}{until}"
    Console().print(told, highlight=False, markup=False, soft_wrap=True)

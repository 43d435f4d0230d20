"""`hearthline privacy`: hand out what is held of a person, forget them, and see how long things are kept."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.addressed import patient_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.evidence import Glass
from cli.retention import retention
from cli.switching import By, Reason
from shared.usecases.privacy.export import README

Patient = Annotated[str, typer.Argument(help="FHIR id of the patient.")]
Whom = Annotated[str, typer.Argument(help="FHIR id of the patient, or key/KEY.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]

_KEY = "key/"
"""With it begins a patient by opaque key, as of a record of which only that is known."""

privacy = typer.Typer(help="What is held of people: export, erasure, retention.", no_args_is_help=True)
privacy.command()(retention)


@privacy.command()
def export(
    patient: Patient,
    out: Annotated[Path, typer.Argument(help="File to write: .zip, or .json.")],
    by: By,
    glass: Glass = "",
    settings_file: SettingsFile = None,
) -> None:
    """Write everything that is held of a patient into a file."""
    if out.suffix not in (".zip", ".json"):
        raise typer.BadParameter("the file must end in .zip or .json")
    if out.exists():
        raise typer.BadParameter("there is such a file already")

    async def calls(admin: Admin) -> Any:
        return (await admin.call("GET", f"{patient_at(patient)}/export", glass=glass)).json()

    held = json.dumps(by_api(settings_file, calls, by), ensure_ascii=False, indent=2) + "\n"
    _write(out, held)
    _say(f"Written to {out.name}: it holds health data; keep it as such.")


def _write(out: Path, held: str) -> None:
    """Write a file that only its owner can read."""
    out.touch(mode=0o600)
    if out.suffix == ".json":
        out.write_text(held, encoding="utf-8")
        return
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("README.txt", README)
        pack.writestr("export.json", held)


@privacy.command()
def erase(
    patient: Whom,
    by: By,
    reason: Reason,
    list_written: Annotated[
        bool, typer.Option("--list-written", help="List what we wrote to the FHIR server, which stays there.")
    ] = False,
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Forget a patient for good; asks first. Again finishes what was interrupted."""
    if list_written and patient.startswith(_KEY):
        raise typer.BadParameter("what was written is listed by FHIR id")
    console = Console(stderr=True)
    _say(
        "All that is held of this patient is removed, and nobody will be written to at their contact points.",
        console,
    )
    if typer.prompt("Type the patient's id to go on", err=True) != patient:
        _say("That is not it: nothing was done.", console)
        raise typer.Exit(1)

    async def calls(admin: Admin) -> tuple[dict[str, Any], Any]:
        started = (await admin.call("POST", f"{_at(patient)}/erase", {"reason": reason})).json()
        done = await admin.follow(started, console)
        return done, await _written(admin, patient) if list_written else None

    done, written = by_api(settings_file, calls, by)
    if as_json:
        typer.echo(json.dumps({**done, **({"written": written["items"]} if written else {})}))
        return
    _say(_erased(done))
    for key in done["linked"]:
        _say(f"linked to it, and not erased by this: {_KEY}{key}")
    for each in written["items"] if written else ():
        _say(f"on the FHIR server: {each['reference']} ({each['status']})")


def _at(patient: str) -> str:
    return f"/patients/{patient.removeprefix(_KEY)}" if patient.startswith(_KEY) else patient_at(patient)


def _erased(done: Mapping[str, Any]) -> str:
    if done["before"]:
        return f"The patient was erased on {done['erased']}: nothing is left to do."
    rows, key, marks = done["rows"], done["patient"], done["marks"]
    return f"Erased: {rows} index rows and the record {key} are empty, {marks} marks were made."


@privacy.command()
def lift(
    channel: Annotated[str, typer.Argument(help="sms, whatsapp, email, letter or push.")],
    address: Annotated[str, typer.Argument(help="The contact point, which is somebody else's now.")],
    by: By,
    reason: Reason,
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Let a contact point be written to again that was an erased person's."""
    body = {"channel": channel, "address": address, "reason": reason}

    async def calls(admin: Admin) -> Any:
        return (await admin.call("POST", "/privacy/lift", body)).json()

    done = by_api(settings_file, calls, by)
    if as_json:
        typer.echo(json.dumps(done))
    elif done["lifted"]:
        _say("Lifted: every instance knows within a minute.")
    else:
        _say("Nobody who was erased had this contact point.")
    if not done["lifted"]:
        raise typer.Exit(1)


@privacy.command("written")
def list_what_was_written(
    patient: Patient, by: By, as_json: AsJson = False, settings_file: SettingsFile = None
) -> None:
    """List what we wrote of a patient to the FHIR server, also after they were erased."""

    async def calls(admin: Admin) -> Any:
        return await _written(admin, patient)

    written = by_api(settings_file, calls, by)
    if as_json:
        typer.echo(json.dumps(written))
        return
    for each in written["items"]:
        _say(f"{each['reference']} ({each['status']})")


async def _written(admin: Admin, patient: str) -> Any:
    body = {"patient_id": patient.removeprefix("Patient/")}
    return (await admin.call("POST", "/privacy/written", body)).json()


def _say(text: str, console: Console | None = None) -> None:
    (console or Console()).print(text, highlight=False, markup=False, soft_wrap=True)

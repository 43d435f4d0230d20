"""`hearthline privacy`: hand out what is held of a person, forget them, and see how long things are kept."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.chosen import SettingsFile
from cli.switching import By, Reason
from cli.working import on_deployment
from shared.config import Settings
from shared.errors import Rejected
from shared.fhir.instants import iso
from shared.message.contact import normalise
from shared.patient.record import patient_key
from shared.usecases.privacy.erase import Erasure, find
from shared.usecases.privacy.erase import erase as forget
from shared.usecases.privacy.export import README
from shared.usecases.privacy.export import export as everything
from shared.usecases.privacy.reads import note
from shared.usecases.privacy.written import written
from shared.usecases.retention.prune import Pruned
from shared.usecases.retention.walk import Walk, progress, run_retention
from shared.usecases.services import Services

Patient = Annotated[str, typer.Argument(help="FHIR id of the patient.")]

privacy = typer.Typer(help="What is held of people: export, erasure, retention.", no_args_is_help=True)


@privacy.command()
def export(
    patient: Patient,
    out: Annotated[Path, typer.Argument(help="File to write: .zip, or .json.")],
    by: By,
    settings_file: SettingsFile = None,
) -> None:
    """Write everything that is held of a patient into a file."""
    if out.suffix not in (".zip", ".json"):
        raise typer.BadParameter("the file must end in .zip or .json")
    if out.exists():
        raise typer.BadParameter("there is such a file already")

    async def work(services: Services, _: Settings) -> dict[str, Any]:
        return await everything(services, patient, by)

    held = json.dumps(on_deployment(settings_file, work), ensure_ascii=False, indent=2) + "\n"
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
    patient: Patient,
    by: By,
    reason: Reason,
    list_written: Annotated[
        bool, typer.Option("--list-written", help="List what we wrote to the FHIR server, which stays there.")
    ] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Forget a patient for good; asks first. Again finishes what was interrupted."""
    on_deployment(settings_file, lambda services, _: find(services, patient))
    _say(
        "All that is held of this patient is removed, and nobody will be written to at their contact points."
    )
    if typer.prompt("Type the patient's id to go on") != patient:
        _say("That is not it: nothing was done.")
        raise typer.Exit(1)

    async def work(services: Services, _: Settings) -> tuple[Erasure, list[tuple[str, str]]]:
        await note(services, "erase", patient_key(patient.removeprefix("Patient/")), by, reason)
        done = await forget(services, patient, by, reason)
        return done, [each async for each in written(services, patient)] if list_written else []

    done, left = on_deployment(settings_file, work)
    _say(_erased(done))
    for reference in done.linked:
        _say(f"linked to it, and not erased by this: {reference}")
    for reference, status in left:
        _say(f"on the FHIR server: {reference} ({status})")


def _erased(done: Erasure) -> str:
    if done.before:
        return f"The patient was erased on {iso(done.at)}: nothing is left to do."
    return (
        f"Erased: {done.rows} index rows and the record {done.key} are empty, {done.marks} marks were made."
    )


@privacy.command()
def lift(
    channel: Annotated[str, typer.Argument(help="sms, whatsapp, email, letter or push.")],
    address: Annotated[str, typer.Argument(help="The contact point, which is somebody else's now.")],
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
) -> None:
    """Let a contact point be written to again that was an erased person's."""

    async def work(services: Services, _: Settings) -> bool:
        await note(services, "lift", "", by, reason)
        if services.marks is None:
            raise Rejected("the settings have no HEARTHLINE_LINK_SECRETS: nothing is marked", "no-secrets")
        whole = normalise(channel, address, services.policy.region) or address
        return await services.marks.lift(channel, whole)

    if not on_deployment(settings_file, work):
        _say("Nobody who was erased had this contact point.")
        raise typer.Exit(1)
    _say("Lifted: every instance knows within a minute.")


@privacy.command("written")
def list_what_was_written(patient: Patient, by: By, settings_file: SettingsFile = None) -> None:
    """List what we wrote of a patient to the FHIR server, also after they were erased."""

    async def work(services: Services, _: Settings) -> list[tuple[str, str]]:
        await note(services, "list", patient_key(patient.removeprefix("Patient/")), by)
        return [each async for each in written(services, patient)]

    for reference, status in on_deployment(settings_file, work):
        _say(f"{reference} ({status})")


@privacy.command()
def retention(
    now: Annotated[bool, typer.Option("--now", help="Go on with the walk until it is done.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Show how long things are kept, and how far the walk is that prunes them."""

    async def work(services: Services, settings: Settings) -> tuple[Settings, Walk]:
        if now:
            await run_retention(services, settings.retention, seconds=float("inf"))
        return settings, await progress(services)

    settings, walk = on_deployment(settings_file, work)
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

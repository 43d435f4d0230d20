"""`hearthline enrolment`: what staff do with one patient's enrolments, each with who and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile
from cli.instants import instant
from cli.switching import By, Reason
from cli.working import on_deployment
from shared.config import Settings
from shared.events import EnrolAsked, EnrolmentAsked
from shared.fhir.instants import iso
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from shared.usecases.enrolments import Done, ask, look_up
from shared.usecases.enrolments import enter as enter_journey
from shared.usecases.services import Services

Patient = Annotated[str, typer.Option("--patient", help="FHIR id of the patient.")]
Which = Annotated[str, typer.Argument(help="The enrolment's id, or the beginning of it.")]

enrolment = typer.Typer(help="See and steer one patient's enrolments.", no_args_is_help=True)


@enrolment.command("list")
def show(patient: Patient, settings_file: SettingsFile = None) -> None:
    """Show which journeys a patient is in, where they stand, and which they were in."""

    async def work(services: Services, _: Settings) -> PatientRecord:
        return await look_up(services, patient)

    record = on_deployment(settings_file, work)
    console = Console()
    if record.enrolments:
        console.print(_table(record))
    inside = {each.journey.rpartition("|")[0] for each in record.enrolments.values()}
    for url, history in sorted(record.history.items()):
        if url not in inside:
            told = f"was in {url}: entered {history.entries} times, last {iso(history.last_entered)}"
            console.print(told, highlight=False, markup=False, soft_wrap=True)
    if not record.history and not record.enrolments:
        console.print("The patient has never been in a journey.")


def _table(record: PatientRecord) -> Table:
    table = Table("enrolment", "journey", "stands at", "until", "entered", "status")
    for each in sorted(record.enrolments.values(), key=lambda e: e.entered):
        until = iso(each.due) if each.due is not None else ""
        why = f"{each.status}: {each.reason}" if each.status == "on-hold" else each.status
        cells = (each.enrolment_id, each.journey, each.step, until, iso(each.entered), why)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    return table


@enrolment.command()
def pause(which: Which, patient: Patient, by: By, reason: Reason, settings_file: SettingsFile = None) -> None:
    """Let the patient stand still in a journey; its messages wait."""
    _ask(settings_file, patient, which, "pause", by, reason)


@enrolment.command()
def resume(
    which: Which, patient: Patient, by: By, reason: Reason, settings_file: SettingsFile = None
) -> None:
    """Let the patient go on who was paused."""
    _ask(settings_file, patient, which, "resume", by, reason)


@enrolment.command()
def stop(which: Which, patient: Patient, by: By, reason: Reason, settings_file: SettingsFile = None) -> None:
    """Make the patient leave a journey; what it has not sent yet is called off."""
    _ask(settings_file, patient, which, "stop", by, reason)


@enrolment.command()
def retry(which: Which, patient: Patient, by: By, reason: Reason, settings_file: SettingsFile = None) -> None:
    """Try the step again at which something failed."""
    _ask(settings_file, patient, which, "retry", by, reason)


@enrolment.command()
def move(
    which: Which,
    patient: Patient,
    to: Annotated[str, typer.Option("--to", help="Id of the step.")],
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
) -> None:
    """Put the patient onto another step of the same journey."""
    _ask(settings_file, patient, which, "move", by, reason, to)


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
    settings_file: SettingsFile = None,
) -> None:
    """Bring the patient into a journey, as its audience and its re-entry rule allow."""
    not_before = instant(at)

    async def work(services: Services, _: Settings) -> Done:
        cause = f"staff|{by}|{services.clock.now()}"
        asked = EnrolAsked(journey, cause, f"asked for by {by}: {reason}", focus, not_before)
        return await enter_journey(services, patient, asked)

    _tell(on_deployment(settings_file, work), "Nothing came of it: its re-entry rule, or a stop, says no.")


type _Action = Literal["pause", "resume", "stop", "retry", "move"]


def _ask(
    settings_file: Path | None, patient: str, which: str, action: _Action, by: str, reason: str, to: str = ""
) -> None:
    async def work(services: Services, _: Settings) -> Done:
        return await ask(services, patient, EnrolmentAsked(which, action, by, reason, to))

    _tell(on_deployment(settings_file, work), "Nothing came of it.")


def _tell(done: Done, otherwise: str) -> None:
    """Print what the timeline says of it, and how the enrolment stands now."""
    console = Console()

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    for line in done.lines:
        say(line.text)
    if done.enrolment is not None:
        say(_standing(done.enrolment))
    elif not done.lines:
        say(otherwise)
        raise typer.Exit(1)


def _standing(found: Enrolment) -> str:
    until = f" until {iso(found.due)}" if found.due is not None else ""
    return f"enrolment {found.enrolment_id} is {found.status} at {found.step}{until}"

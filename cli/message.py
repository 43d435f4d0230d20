"""`hearthline message`: messages whose outcome nobody knows, and contact points that do not work."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile
from cli.enrolment import Patient
from cli.switching import By, Reason
from cli.working import on_deployment
from shared.config import Settings
from shared.events import OutcomeSaid, PointUsable
from shared.fhir.instants import iso
from shared.message.failures import FAILURES
from shared.patient.messages import by as way
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.usecases.enrolments import look_up
from shared.usecases.messages import resolve as resolve_message
from shared.usecases.messages import unknown as walk_unknown
from shared.usecases.messages import use_again
from shared.usecases.services import Services

message = typer.Typer(help="See and settle messages whose outcome is not known.", no_args_is_help=True)

Key = Annotated[str, typer.Option("--key", help="The patient's key, as the list shows it.")]


@message.command()
def unknown(settings_file: SettingsFile = None) -> None:
    """List the messages that may have been sent: none is repeated, each waits for somebody to find out."""

    async def work(services: Services, _: Settings) -> list[tuple[str, Message]]:
        return [found async for found in walk_unknown(services)]

    found = on_deployment(settings_file, work)
    console = Console()
    if not found:
        console.print("Of every message it is known what became of it.")
        return
    table = Table("message", "patient's key", "by", "claimed", "why it is not known")
    for key, each in sorted(found, key=lambda pair: pair[1].created):
        claimed = iso(each.claimed_at) if each.claimed_at is not None else ""
        cells = (each.message_id, key, way(each.channel), claimed, each.status_reason)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    console.print(table)


@message.command()
def resolve(
    which: Annotated[str, typer.Argument(help="The message's id.")],
    key: Key,
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="What you found out.")],
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
) -> None:
    """Say what became of a message, as the provider or the patient told you."""

    async def work(services: Services, _: Settings) -> Message:
        return await resolve_message(services, key, OutcomeSaid(which, sent, by, reason))

    done = on_deployment(settings_file, work)
    Console().print(f"message {done.message_id} is {done.status}", highlight=False, markup=False)


@message.command()
def contacts(patient: Patient, settings_file: SettingsFile = None) -> None:
    """List a patient's contact points that nothing is sent to, and why."""

    async def work(services: Services, _: Settings) -> PatientRecord:
        return await look_up(services, patient)

    record = on_deployment(settings_file, work)
    console = Console()
    if not record.unusable:
        console.print("Every contact point is taken to work.")
        return
    table = Table("by", "contact point", "why", "since")
    for point in record.unusable:
        why = FAILURES.get(point.why, point.why)
        cells = (way(point.channel), point.address, why, iso(point.since))
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    console.print(table)


@message.command()
def usable(
    channel: Annotated[str, typer.Argument(help="sms, email, whatsapp or letter.")],
    address: Annotated[str, typer.Argument(help="The contact point, as `contacts` shows it.")],
    patient: Patient,
    by: By,
    settings_file: SettingsFile = None,
) -> None:
    """Say that a contact point works which is taken not to."""

    async def work(services: Services, _: Settings) -> PatientRecord:
        return await use_again(services, patient, PointUsable(channel, address, by))

    on_deployment(settings_file, work)
    Console().print("It will be used again.")

"""`hearthline consent`: what a person may be written to about, and what they tell staff about it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.choice import ANY, PURPOSES, Choice
from shared.fhir.instants import Instant, iso
from shared.message.outbound import CHANNELS
from shared.patient.permission.ask import PENDING, STRANGER, about
from shared.patient.record import TimelineLine
from shared.usecases.consents import Standing, say, stands
from shared.usecases.services import Services


class Purpose(StrEnum):
    """What messages are for."""

    CARE = "care"
    OPERATIONS = "operations"
    RESEARCH = "research"
    MARKETING = "marketing"
    ALL = ANY


class Channel(StrEnum):
    """By which way they come."""

    SMS = "sms"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    LETTER = "letter"
    PUSH = "push"
    ALL = ANY


Patient = Annotated[str, typer.Argument(help="FHIR id of the patient.")]
Party = Annotated[str, typer.Option("--party", help="Somebody of theirs, such as RelatedPerson/1.")]
By = Annotated[str, typer.Option("--by", help="Who was told: an id, as others will read it.")]
For = Annotated[Purpose, typer.Option("--purpose", help="What the messages are for; * is anything.")]
Via = Annotated[Channel, typer.Option("--channel", help="By which channel they come; * is any.")]
Topic = Annotated[str, typer.Option("--topic", help="One topic of templates; without it every one.")]
Address = Annotated[str, typer.Option("--address", help="One number or address; without it every one.")]
Wording = Annotated[str, typer.Option("--wording", help="What was said, word for word.")]
Evidence = Annotated[str, typer.Option("--evidence", help="Where that can be seen, such as a form's number.")]

consent = typer.Typer(help="See and change what a person may be written to about.", no_args_is_help=True)


@consent.command()
def show(patient: Patient, party: Party = "", settings_file: SettingsFile = None) -> None:
    """Show by purpose and channel whether they may be written to, why not, and what they said."""

    async def work(services: Services, _: Settings) -> Standing:
        return await stands(services, patient, party)

    standing = on_deployment(settings_file, work)
    console = Console()
    console.print(_answers(standing))
    choices = _choices(standing, party)
    if choices.row_count:
        console.print(choices)
    for reference, holds in standing.consents.items():
        text = f"{reference}: {'in force' if holds else 'not in force'}"
        console.print(text, highlight=False, markup=False, soft_wrap=True)


@consent.command()
def permit(
    patient: Patient,
    by: By,
    purpose: For = Purpose.ALL,
    channel: Via = Channel.ALL,
    topic: Topic = ANY,
    party: Party = "",
    address: Address = "",
    wording: Wording = "",
    evidence: Evidence = "",
    settings_file: SettingsFile = None,
) -> None:
    """Note that they said yes. A yes to marketing without --evidence has to be confirmed by them."""
    choice = _choice(by, purpose, channel, topic, party, address, wording, evidence)
    _tell(settings_file, patient, choice, "permit")


@consent.command()
def deny(
    patient: Patient,
    by: By,
    purpose: For = Purpose.ALL,
    channel: Via = Channel.ALL,
    topic: Topic = ANY,
    party: Party = "",
    address: Address = "",
    wording: Wording = "",
    evidence: Evidence = "",
    settings_file: SettingsFile = None,
) -> None:
    """Note that they said no; what was about to be sent against it is called off."""
    choice = _choice(by, purpose, channel, topic, party, address, wording, evidence)
    _tell(settings_file, patient, choice, "deny")


def _choice(
    by: str,
    purpose: Purpose,
    channel: Channel,
    topic: str,
    party: str,
    address: str,
    wording: str,
    evidence: str,
) -> Choice:
    told = f"told to {by}"
    return Choice(
        channel=channel.value,
        address=address,
        since=Instant(0),  # the deployment's clock says when
        source="staff",
        purpose=purpose.value,
        topic=topic,
        party=party,
        wording=f"{told}: {wording}" if wording else told,
        evidence=evidence,
    )


def _tell(
    settings_file: Path | None, patient: str, choice: Choice, verdict: Literal["permit", "deny"]
) -> None:
    async def work(services: Services, _: Settings) -> tuple[TimelineLine, ...]:
        return await say(services, patient, choice, verdict)

    lines = on_deployment(settings_file, work)
    console = Console()
    for line in lines:
        console.print(line.text, highlight=False, markup=False, soft_wrap=True)
    if not lines:
        console.print("Nothing to do: it is so already.")


def _answers(standing: Standing) -> Table:
    table = Table("purpose", *CHANNELS)
    for purpose in PURPOSES:
        told = (standing.answers[purpose, channel] for channel in CHANNELS)
        table.add_row(purpose, *(Text(why or "yes", overflow="fold") for why in told))
    return table


def _choices(standing: Standing, party: str) -> Table:
    table = Table("said", "about", "contact point", "since", "how we know", "words", "evidence")
    record = standing.record
    said = [("no", each) for each in record.opt_outs] + [("yes", each) for each in record.opt_ins]
    for verdict, each in sorted(said, key=lambda pair: pair[1].since):
        if each.party in (party, STRANGER):
            word = "yes, to be confirmed" if each.source == PENDING else verdict
            cells = (
                word,
                about(each),
                each.address,
                iso(each.since),
                each.source,
                each.wording,
                each.evidence,
            )
            table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    return table

"""`hearthline consent`: what a person may be written to about, and what they tell staff about it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.addressed import patient_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from shared.fhir.choice import ANY, PURPOSES
from shared.message.outbound import CHANNELS
from shared.patient.permission.ask import STRANGER


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
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]

consent = typer.Typer(help="See and change what a person may be written to about.", no_args_is_help=True)


@consent.command()
def show(
    patient: Patient, party: Party = "", as_json: AsJson = False, settings_file: SettingsFile = None
) -> None:
    """Show by purpose and channel whether they may be written to, why not, and what they said."""

    async def calls(admin: Admin) -> Any:
        return await admin.read(f"{patient_at(patient)}/consents")

    found = by_api(settings_file, calls)
    theirs = next((each for each in found["parties"] if each["party"] == party), None)
    console = Console()
    if as_json:
        console.print_json(data=found)
        return
    if theirs is None:
        told = Console(stderr=True)
        told.print("the patient has no such related person", style="red", soft_wrap=True)
        raise typer.Exit(1)
    for table in _answers(theirs):
        console.print(table)
    for each in found["said"]:
        if each["party"] in (party, STRANGER):
            _say(_sentence(each))
    for each in theirs["resources"]:
        _say(f"{each['reference']}: {'in force' if each['in_force'] else 'not in force'}")


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
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Note that they said yes. A yes to marketing without --evidence has to be confirmed by them."""
    said = {"verdict": "permit", "purpose": purpose.value, "channel": channel.value, "topic": topic}
    said |= {"party": party, "address": address, "wording": wording, "evidence": evidence}
    _tell(settings_file, patient, by, said, as_json)


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
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Note that they said no; what was about to be sent against it is called off."""
    said = {"verdict": "deny", "purpose": purpose.value, "channel": channel.value, "topic": topic}
    said |= {"party": party, "address": address, "wording": wording, "evidence": evidence}
    _tell(settings_file, patient, by, said, as_json)


_TOLD = ("inbound", "message")
"""Kinds of timeline lines that say what came of it."""


def _tell(settings_file: Path | None, patient: str, by: str, said: dict[str, str], as_json: bool) -> None:
    async def calls(admin: Admin) -> tuple[Any, list[Any]]:
        done = (await admin.call("POST", f"{patient_at(patient)}/consents", said)).json()
        if as_json or not done["changed"]:
            return done, []
        return done, (await admin.read(f"{patient_at(patient)}/timeline", {"limit": 10}))["items"]

    done, lines = by_api(settings_file, calls, by)
    if as_json:
        Console().print_json(data=done)
        return
    told = [line["text"] for line in lines if line["at"] == lines[0]["at"] and line["kind"] in _TOLD]
    for text in told if done["changed"] else ["Nothing to do: it is so already."]:
        _say(text)


def _answers(theirs: dict[str, Any]) -> Iterator[Table]:
    """Make a table of what they may be written to about; of each topic they named, one more."""
    answers = {(a["purpose"], a["channel"], a["topic"]): a["why_not"] or "yes" for a in theirs["answers"]}
    for topic in sorted({topic for _, _, topic in answers}):
        table = Table(f"about {topic}" if topic else "purpose", *CHANNELS)
        for purpose in PURPOSES:
            told = (answers[purpose, channel, topic] for channel in CHANNELS)
            table.add_row(purpose, *(Text(why, overflow="fold") for why in told))
        yield table


def _sentence(said: dict[str, str]) -> str:
    """Write what was said as one line: there is too much of it for the columns of a terminal."""
    word = {"permit": "yes", "deny": "no", "pending": "yes, to be confirmed,"}[said["verdict"]]
    where = f" at {said['address']}" if said["address"] else ""
    words = f": {said['wording']}" if said["wording"] else ""
    seen = f" [{said['evidence']}]" if said["evidence"] else ""
    return f"{said['since']}  {word} to {said['about']}{where}, known by {said['source']}{words}{seen}"


def _say(text: str) -> None:
    Console().print(text, highlight=False, markup=False, soft_wrap=True)

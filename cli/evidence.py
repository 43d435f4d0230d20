"""`hearthline evidence`: print the whole story of a patient or of one message, in order."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.evidence_message import story_lines
from cli.switching import By
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.instants import Instant, iso
from shared.patient.messages import by as way
from shared.patient.record import patient_key
from shared.patient.state import Message
from shared.usecases.evidence.story import Happening, Story, of_patient
from shared.usecases.privacy.readable import readable
from shared.usecases.services import Services

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]

evidence = typer.Typer(help="The whole story of a patient or a message.", no_args_is_help=True)


@evidence.command()
def patient(
    which: Annotated[str, typer.Argument(help="FHIR id of the patient.")],
    by: By,
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Tell all that was decided about a patient, sent, reported, answered and chosen."""
    _tell(settings_file, as_json, lambda services: of_patient(services, which, by))


@evidence.command()
def message(
    which: Annotated[str, typer.Argument(help="Id of the message.")],
    by: By,
    whose: Annotated[
        str, typer.Option("--patient", help="FHIR id of its patient: without it all rows may be read.")
    ] = "",
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Tell how a message came about, each try to send it, and what became of it."""

    async def calls(admin: Admin) -> Any:
        key = patient_key(whose.removeprefix("Patient/")) if whose else await _find(admin, which)
        return await admin.read(f"/patients/{key}/messages/{which}/story")

    story = by_api(settings_file, calls, by)
    if as_json:
        Console().print_json(data=story)
        return
    for text in story_lines(story):
        _say(text)


async def _find(admin: Admin, which: str) -> str:
    """Return the key of a message's patient. Raises Refused where nobody has it."""
    started = (await admin.call("POST", "/messages/find", {"message": which})).json()
    return str((await admin.follow(started, Console(stderr=True)))["patient"])


def _tell(settings_file: Path | None, as_json: bool, ask: Callable[[Services], Awaitable[Story]]) -> None:
    async def work(services: Services, _: Settings) -> Story:
        return await ask(services)

    story = on_deployment(settings_file, work)
    if as_json:
        print(json.dumps(readable(story), ensure_ascii=False, indent=2))
        return
    whose = story.patient or "somebody who was erased"
    _say(f"{whose}, key {story.key}, catalogue {story.catalogue or 'none'}")
    for each in story.messages:
        for text in _message(each):
            _say(text)
    _say("")
    for happening in story.happenings:
        _say(_line(happening))
    _say("")
    for definition in story.definitions:
        _say(f"{definition.canonical} published as {definition.digest or 'unknown: it is not on the shelf'}")


def _message(told: Message) -> list[str]:
    said = [
        "",
        f"message {told.message_id}: {told.status}{f', {told.delivery}' if told.delivery else ''}",
        f"  by {way(told.channel)} to {told.to or 'nobody'}{f' ({told.party})' if told.party else ''}, "
        f"{told.purpose}, in {told.language or 'no language'}",
        f"  template {told.template}, journey {told.journey or 'none'}, step {told.step or 'none'}",
        f"  made {iso(told.created)}, due {iso(told.due)}, first sent {_when(told.first_sent)}",
    ]
    if told.status_reason or told.code:
        said.append(f"  because: {told.status_reason}{f' ({told.code})' if told.code else ''}")
    if told.looked_at:
        said.append(f"  looked at: {', '.join(told.looked_at)}")
    if told.provider_id:
        said.append(f"  known to the provider as {told.provider_id}")
    if told.text:
        said += [f"  | {text}" for text in told.text.splitlines()]
    return said


def _when(at: Instant | None) -> str:
    return iso(at) if at is not None else "never"


def _line(told: Happening) -> str:
    refs = f"  [{', '.join(told.refs)}]" if told.refs else ""
    return f"{iso(told.at)}  {told.kind:9} {told.text}{refs}"


def _say(text: str) -> None:
    Console().print(text, highlight=False, markup=False, soft_wrap=True)

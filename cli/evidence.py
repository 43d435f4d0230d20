"""`hearthline evidence`: print the whole story of a patient or of one message, in order, by the admin API."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from cli.addressed import patient_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.evidence_message import story_lines
from cli.switching import By

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]
Glass = Annotated[
    str, typer.Option("--break-glass", help="Why you must see more of them than your role shows.")
]

evidence = typer.Typer(help="The whole story of a patient or a message.", no_args_is_help=True)


@evidence.command()
def patient(
    which: Annotated[str, typer.Argument(help="FHIR id of the patient.")],
    by: By,
    glass: Glass = "",
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Tell all that was decided about a patient, sent, reported, answered and chosen."""

    async def calls(admin: Admin) -> Any:
        return (await admin.call("GET", f"{patient_at(which)}/story", glass=glass)).json()

    _tell(by_api(settings_file, calls, by), as_json)


@evidence.command()
def message(
    which: Annotated[str, typer.Argument(help="Id of the message.")],
    by: By,
    whose: Annotated[
        str, typer.Option("--patient", help="FHIR id of its patient: without it all rows may be read.")
    ] = "",
    glass: Glass = "",
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Tell how a message came about, each try to send it, and what became of it."""

    async def calls(admin: Admin) -> Any:
        where = patient_at(whose) if whose else f"/patients/{await _find(admin, which)}"
        return (await admin.call("GET", f"{where}/messages/{which}/story", glass=glass)).json()

    _tell(by_api(settings_file, calls, by), as_json)


async def _find(admin: Admin, which: str) -> str:
    """Return the key of a message's patient. Raises Refused where nobody has it."""
    started = (await admin.call("POST", "/messages/find", {"message": which})).json()
    return str((await admin.follow(started, Console(stderr=True)))["patient"])


def _tell(story: Any, as_json: bool) -> None:
    console = Console()
    if as_json:
        console.print_json(data=story)
        return
    for text in story_lines(story):
        console.print(text, highlight=False, markup=False, soft_wrap=True)

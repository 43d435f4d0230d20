"""`hearthline message`: messages that need somebody, and contact points that do not work."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.addressed import definition_at, patient_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.switching import By, Reason
from shared.patient.messages import by as way


class State(StrEnum):
    """Why a message needs somebody: shared.message.needing."""

    UNKNOWN = "unknown"
    NOT_DONE = "not-done"
    FAILED = "failed"
    WAITING = "waiting"


message = typer.Typer(help="See and settle messages that need somebody.", no_args_is_help=True)

Key = Annotated[str, typer.Option("--key", help="The patient's key, as the list shows it.")]
Patient = Annotated[str, typer.Option("--patient", help="FHIR id of the patient.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]
Most = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]
Since = Annotated[str, typer.Option("--since", help="Made then or later: 2026-03-02T09:00:00Z.")]
Until = Annotated[str, typer.Option("--until", help="Made before then.")]


@message.command()
def unknown(limit: Most = 1000, as_json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """List the messages that may have been sent: none is repeated, each waits for somebody to find out."""
    found = _listed(settings_file, {"state": State.UNKNOWN.value}, limit)
    _show(found, as_json, "Of every message it is known what became of it.")


@message.command("list")
def listed(
    state: Annotated[State, typer.Option("--state", help="Why they need somebody.")] = State.UNKNOWN,
    channel: Annotated[str, typer.Option("--channel", help="Only by this one.")] = "",
    journey: Annotated[str, typer.Option("--journey", help="Only of this one, by url.")] = "",
    since: Since = "",
    until: Until = "",
    limit: Most = 1000,
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """List the messages that need somebody, the newest first."""
    which = definition_at("journey", journey) if journey else ""
    wanted = {"state": state.value, "channel": channel, "journey": which, "since": since, "until": until}
    found = _listed(settings_file, {name: value for name, value in wanted.items() if value}, limit)
    _show(found, as_json, f"No message is {state.value}.")


@message.command()
def resolve(
    which: Annotated[str, typer.Argument(help="The message's id.")],
    key: Key,
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="What you found out.")],
    by: By,
    reason: Reason,
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Say what became of a message, as the provider or the patient told you."""

    async def calls(admin: Admin) -> Any:
        body = {"sent": sent, "reason": reason}
        return (await admin.call("POST", f"/patients/{key}/messages/{which}/resolve", body)).json()

    done = by_api(settings_file, calls, by)
    _tell(done, as_json, f"message {done['message']} is {done['status']}")


@message.command()
def contacts(patient: Patient, as_json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """List a patient's contact points that nothing is sent to, and why."""

    async def calls(admin: Admin) -> Any:
        return (await admin.read(f"{patient_at(patient)}/consents"))["unusable"]

    found = by_api(settings_file, calls)
    if as_json:
        _tell(found, True, "")
    for point in found if not as_json else ():
        _say(f"{way(point['channel'])}  {point['address']}  since {point['since']}: {point['why']}")
    if not found and not as_json:
        _say("Every contact point is taken to work.")


@message.command()
def usable(
    channel: Annotated[str, typer.Argument(help="sms, email, whatsapp or letter.")],
    address: Annotated[str, typer.Argument(help="The contact point, as `contacts` shows it.")],
    patient: Patient,
    by: By,
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Say that a contact point works which is taken not to."""

    async def calls(admin: Admin) -> Any:
        body = {"channel": channel, "address": address}
        return (await admin.call("POST", f"{patient_at(patient)}/contact-points", body)).json()

    _tell(by_api(settings_file, calls, by), as_json, "It will be used again.")


def _listed(settings_file: SettingsFile, wanted: dict[str, str], limit: int) -> list[Any]:
    async def calls(admin: Admin) -> list[Any]:
        found: list[Any] = []
        async for each in admin.pages("/messages", wanted):
            if len(found) == limit:
                break
            found.append(each)
        return found

    return by_api(settings_file, calls)


def _show(found: list[Any], as_json: bool, nothing: str) -> None:
    """Print two short lines for each, as ids are long and terminals narrow."""
    if as_json:
        _tell(found, True, "")
        return
    for each in found:
        code = f", {each['code']}" if each["code"] else ""
        _say(f"{each['message']}  {way(each['channel'])}{code}, since {each['since']}")
        journey = each["journey"]
        whence = f"{journey['url']}|{journey['version']}" if journey else "an answer to what was written"
        _say(f"  --key {each['patient']}")
        _say(f"  {whence}")
    if not found:
        _say(nothing)


def _tell(done: Any, as_json: bool, words: str) -> None:
    if as_json:
        Console().print_json(data=done)
    else:
        _say(words)


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)

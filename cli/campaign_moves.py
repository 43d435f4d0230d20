"""`hearthline campaign submit | reject | approve | start | pause | resume | cancel`: who does it, and why."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.addressed import campaign_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.switching import By, Json
from shared.journey.campaign_moves import Action

Reference = Annotated[
    str, typer.Argument(help='A published campaign: "url|version", or the url of the latest.')
]
Role = Annotated[
    str, typer.Option("--role", help="In which role they do it: an app role, or one that it asks for.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why, as others will read it.")]


def submit(
    campaign: Reference,
    by: By,
    role: Role,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """Hand a campaign in, for somebody else to approve."""
    _move(settings_file, campaign, "submit", by, role, reason, json=json)


def reject(
    campaign: Reference,
    by: By,
    reason: Reason,
    role: Role = "",
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """Say no to what was submitted or approved: it is a draft again."""
    _move(settings_file, campaign, "reject", by, role, reason, json=json)


def approve(
    campaign: Reference,
    by: By,
    role: Role,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """Say yes; nobody approves their own work, nor does their own role."""
    _move(settings_file, campaign, "approve", by, role, reason, json=json)


def start(
    campaign: Reference,
    by: By,
    role: Role = "",
    reason: Reason = "",
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """Let it run: at its time, or at once where that is past."""
    _move(settings_file, campaign, "start", by, role, reason, json=json)


def pause(
    campaign: Reference,
    by: By,
    role: Role = "",
    reason: Reason = "",
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """Let nobody further in; those inside the journey go on with it."""
    _move(settings_file, campaign, "pause", by, role, reason, json=json)


def resume(
    campaign: Reference,
    by: By,
    role: Role = "",
    reason: Reason = "",
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """Let it go on where it was."""
    _move(settings_file, campaign, "resume", by, role, reason, json=json)


def cancel(
    campaign: Reference,
    by: By,
    reason: Reason,
    role: Role = "",
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """End it for good: nobody further is let in; those inside finish or leave, as it says."""
    _move(settings_file, campaign, "cancel", by, role, reason, json=json)


def _move(
    settings_file: Path | None, campaign: str, action: Action, by: str, role: str, reason: str, *, json: bool
) -> None:
    async def calls(admin: Admin) -> dict[str, Any]:
        path = await campaign_at(admin, campaign)
        read = await admin.call("GET", path, params={"runs": 0})
        found = read.json()
        body = {"role": role, "reason": reason}
        answer = await admin.call("POST", f"{path}/{action}", body, match=read.headers["ETag"].strip('"'))
        return {**answer.json(), "name": f"{found['url']}|{found['version']}"}

    moved = by_api(settings_file, calls, by)
    if json:
        typer.echo(json_text.dumps(moved))
        return
    told = f"{moved['name']} is {moved['status']}."
    Console().print(told, markup=False, highlight=False, soft_wrap=True)

"""`hearthline campaign submit | reject | approve | start | pause | resume | cancel`: who does it, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.chosen import SettingsFile
from cli.switching import By
from cli.working import on_deployment
from shared.config import Settings
from shared.journey.campaign_moves import Action, CampaignState
from shared.usecases.campaigns.moves import move
from shared.usecases.services import Services

Reference = Annotated[
    str, typer.Argument(help='A published campaign: "url|version", or the url of the latest.')
]
Role = Annotated[str, typer.Option("--role", help="In which role they do it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, as others will read it.")]


def submit(
    campaign: Reference, by: By, role: Role, reason: Reason = "", settings_file: SettingsFile = None
) -> None:
    """Hand a campaign in, for somebody else to approve."""
    _move(settings_file, campaign, "submit", by, role, reason)


def reject(
    campaign: Reference, by: By, reason: Reason, role: Role = "", settings_file: SettingsFile = None
) -> None:
    """Say no to what was submitted or approved: it is a draft again."""
    _move(settings_file, campaign, "reject", by, role, reason)


def approve(
    campaign: Reference, by: By, role: Role, reason: Reason = "", settings_file: SettingsFile = None
) -> None:
    """Say yes; nobody approves their own work, nor does their own role."""
    _move(settings_file, campaign, "approve", by, role, reason)


def start(
    campaign: Reference, by: By, role: Role = "", reason: Reason = "", settings_file: SettingsFile = None
) -> None:
    """Let it run: at its time, or at once where that is past."""
    _move(settings_file, campaign, "start", by, role, reason)


def pause(
    campaign: Reference, by: By, role: Role = "", reason: Reason = "", settings_file: SettingsFile = None
) -> None:
    """Let nobody further in; those inside the journey go on with it."""
    _move(settings_file, campaign, "pause", by, role, reason)


def resume(
    campaign: Reference, by: By, role: Role = "", reason: Reason = "", settings_file: SettingsFile = None
) -> None:
    """Let it go on where it was."""
    _move(settings_file, campaign, "resume", by, role, reason)


def cancel(
    campaign: Reference, by: By, reason: Reason, role: Role = "", settings_file: SettingsFile = None
) -> None:
    """End it for good: nobody further is let in; those inside finish or leave, as it says."""
    _move(settings_file, campaign, "cancel", by, role, reason)


def _move(settings_file: Path | None, campaign: str, action: Action, by: str, role: str, reason: str) -> None:
    async def work(services: Services, _: Settings) -> CampaignState:
        return await move(services, campaign, action, by, role, reason)

    state = on_deployment(settings_file, work)
    Console().print(f"{state.campaign} is {state.status}.", markup=False, highlight=False, soft_wrap=True)

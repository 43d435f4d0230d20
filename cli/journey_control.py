"""`hearthline journey pause | resume | stop | controls`: switch a journey for all; see what is switched."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile
from cli.switching import By, Reason, Wait, switch
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.instants import iso
from shared.journey.controls import Controls
from shared.usecases.controls import (
    controls,
    pause_journey,
    resume_journey,
    stop_journey,
    switchings,
)
from shared.usecases.services import Services
from shared.usecases.shelf import Switching

Url = Annotated[str, typer.Argument(help="The url of a published journey: all its versions are meant.")]


def pause(url: Url, by: By, reason: Reason, settings_file: SettingsFile = None, wait: Wait = False) -> None:
    """Let everybody in a journey stand still, its messages too; who enters waits before its first step."""
    switch(settings_file, wait, f"Paused {url}", lambda s: pause_journey(s, url, by, reason))


def resume(url: Url, by: By, reason: Reason, settings_file: SettingsFile = None, wait: Wait = False) -> None:
    """Let a journey go on that was paused; after a stop, let it take people in again."""
    switch(settings_file, wait, f"Resumed {url}", lambda s: resume_journey(s, url, by, reason))


def stop(url: Url, by: By, reason: Reason, settings_file: SettingsFile = None, wait: Wait = False) -> None:
    """Make everybody leave a journey at once, call off its messages, and let nobody in."""
    switch(settings_file, wait, f"Stopped {url}", lambda s: stop_journey(s, url, by, reason))


def show_controls(settings_file: SettingsFile = None) -> None:
    """Show what is switched now, and who switched what, when and why."""

    async def work(services: Services, _: Settings) -> tuple[Controls, tuple[Switching, ...]]:
        return await controls(services), await switchings(services)

    held, found = on_deployment(settings_file, work)
    console = Console()
    for line in _said(held):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if found:
        console.print(_table(found))


def _said(held: Controls) -> list[str]:
    lines = ["Sending is on." if held.sending else "Sending is OFF: no message goes out."]
    lines += [f"paused: {url}" for url in sorted(held.paused)]
    lines += [f"stopped: {url}" for url in sorted(held.stopped)]
    for journey, ways in sorted(held.winners.items()):
        lines += [f"everybody goes {way}: {journey}, step {step}" for step, way in sorted(ways.items())]
    return lines


def _table(found: tuple[Switching, ...]) -> Table:
    table = Table("when", "what", "by", "why")
    for each in found:
        what = f"{each.action} {each.what}".strip()
        table.add_row(iso(each.at), *map(Text, (what, each.by, each.reason)))
    return table

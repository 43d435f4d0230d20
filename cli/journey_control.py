"""`hearthline journey pause | resume | stop | winner | controls`: switch a journey for all; see it."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.addressed import journey_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.switching import By, Json, Reason, Wait, switch_by_api
from shared.fhir.canonical import split_canonical

Url = Annotated[str, typer.Argument(help="The url of a published journey: all its versions are meant.")]


def pause(
    url: Url,
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Let everybody in a journey stand still, its messages too; who enters waits before its first step."""
    _switch(settings_file, url, "pause", f"Paused {url}", by, reason, wait=wait, json=json)


def resume(
    url: Url,
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Let a journey go on that was paused; after a stop, let it take people in again."""
    _switch(settings_file, url, "resume", f"Resumed {url}", by, reason, wait=wait, json=json)


def stop(
    url: Url,
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Make everybody leave a journey at once, call off its messages, and let nobody in."""
    _switch(settings_file, url, "stop", f"Stopped {url}", by, reason, wait=wait, json=json)


def winner(
    journey: Annotated[str, typer.Argument(help='A version of a published journey, "url|version".')],
    step: Annotated[str, typer.Option("--step", help="Id of the step that splits.")],
    way: Annotated[str, typer.Option("--way", help="Name of the way that everybody takes from now on.")],
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
    json: Json = False,
) -> None:
    """End an A/B test: let everybody who comes to a split take one way."""
    url, version = split_canonical(journey)
    body = {"version": version, "step": step, "way": way, "reason": reason}

    async def throw(admin: Admin) -> dict[str, Any]:
        switched: dict[str, Any] = (await admin.call("POST", f"{journey_at(url)}/winners", body)).json()
        return switched

    switch_by_api(settings_file, f"Everybody goes {way}", throw, by, json=json)


def _switch(
    settings_file: Path | None,
    url: str,
    verb: Literal["pause", "resume", "stop"],
    done: str,
    by: str,
    reason: str,
    *,
    wait: bool,
    json: bool,
) -> None:
    async def throw(admin: Admin) -> dict[str, Any]:
        answer = await admin.call("POST", f"{journey_at(url)}/{verb}", {"reason": reason})
        switched: dict[str, Any] = answer.json()
        return switched

    switch_by_api(settings_file, done, throw, by, wait=wait, json=json)


def show_controls(settings_file: SettingsFile = None, json: Json = False) -> None:
    """Show what is switched now, and who switched what, when and why."""

    async def calls(admin: Admin) -> tuple[Any, list[Any]]:
        return await admin.read("/switches"), [each async for each in admin.pages("/switches/history")]

    held, found = by_api(settings_file, calls)
    if json:
        typer.echo(json_text.dumps({**held, "log": found}))
        return
    console = Console()
    for line in _said(held):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if found:
        console.print(_table(found))


def _said(held: Mapping[str, Any]) -> Iterator[str]:
    yield "Sending is on." if held["sending"] else "Sending is OFF: no message goes out."
    yield from (f"paused: {each['url']}" for each in held["paused"])
    yield from (f"stopped: {each['url']}" for each in held["stopped"])
    for journey, ways in sorted(held["winners"].items()):
        yield from (f"everybody goes {way}: {journey}, step {step}" for step, way in sorted(ways.items()))


def _table(found: list[Any]) -> Table:
    table = Table("when", "what", "by", "why")
    for each in found:
        what = f"{each['action']} {each['what']}".strip()
        table.add_row(each["at"], *map(Text, (what, each["by"], each["reason"])))
    return table

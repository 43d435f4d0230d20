"""`hearthline analytics`: figures of what happened, as a table, JSON or a file; and rebuilding its log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.addressed import definition_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.switching import By, Reason

analytics = typer.Typer(help="Figures of what happened.", no_args_is_help=True)

Journey = Annotated[str, typer.Argument(metavar="URL", help="The journey's url.")]
Since = Annotated[str, typer.Option("--since", help="From then on: 2026-03-02T09:00:00Z.")]
Until = Annotated[str, typer.Option("--until", help="Before then.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]
Into = Annotated[Path | None, typer.Option("--into", help="Into a file: .csv or .parquet.", dir_okay=False)]
CountBy = Annotated[list[str] | None, typer.Option("--count-by", help="channel, day, hour…: more than once.")]


@analytics.command()
def funnel(
    journey: Journey,
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
    into: Into = None,
    settings_file: SettingsFile = None,
) -> None:
    """Say how far those came who entered a journey."""
    path = f"/analytics/journeys/{definition_at('journey', journey)}/funnel"
    _show(settings_file, path, {"since": since, "until": until}, as_json, into)


@analytics.command()
def goals(
    journey: Journey,
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
    into: Into = None,
    settings_file: SettingsFile = None,
) -> None:
    """Compare the ways of a journey's tests by who reached its goal."""
    path = f"/analytics/journeys/{definition_at('journey', journey)}/goals"
    _show(settings_file, path, {"since": since, "until": until}, as_json, into)


@analytics.command()
def messages(
    by: CountBy = None,
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
    into: Into = None,
    settings_file: SettingsFile = None,
) -> None:
    """Count messages, and what became of them."""
    params = {"by": by or [], "since": since, "until": until}
    _show(settings_file, "/analytics/messages", params, as_json, into)


@analytics.command()
def rebuild(by: By, reason: Reason, as_json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """Tell the log whatever is stored and not in it, as after a crash; again does no harm."""
    console = Console(stderr=True)

    async def call(admin: Admin) -> dict[str, Any]:
        started = await admin.call("POST", "/analytics/rebuild", {"reason": reason})
        return await admin.follow(started.json(), console)

    done = by_api(settings_file, call, by)
    if as_json:
        Console().print_json(data=done)
    else:
        Console().print(f"Looked at {done['patients']} patients and {done['enrolments']} enrolments.")


def _show(
    settings_file: Path | None, path: str, params: dict[str, Any], as_json: bool, into: Path | None
) -> None:
    asked = {name: value for name, value in params.items() if value}
    if into is not None:
        asked["format"] = "parquet" if into.suffix == ".parquet" else "csv"

    async def call(admin: Admin) -> tuple[bytes, Any]:
        answer = await admin.call("GET", path, params=asked)
        return answer.content, None if into is not None else answer.json()

    body, answer = by_api(settings_file, call)
    if into is not None:
        into.write_bytes(body)
    elif as_json:
        Console().print_json(data=answer)
    else:
        _table(answer)


def _table(answer: dict[str, Any]) -> None:
    """Print rows without the columns in which no row says anything."""
    rows = answer["rows"]
    names = [name for name in (rows[0] if rows else ()) if any(row[name] not in ("", None) for row in rows)]
    table = Table(*names, caption=f"as of {answer['as_of']}{', rounded' if answer['rough'] else ''}")
    for row in rows:
        table.add_row(*(_text(row[name]) for name in names))
    Console().print(table)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)

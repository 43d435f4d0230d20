"""`hearthline operations`: long work that was started by the admin API; how far it is, and its end."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.switching import By

operations = typer.Typer(help="Long work: list it, follow it, cancel it.", no_args_is_help=True)

Operation = Annotated[str, typer.Argument(help="Id of the work, as `list` tells it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

MOST = 200


@operations.command("list")
def list_operations(
    limit: Annotated[int, typer.Option(help="Works at most, the latest first.", min=1, max=MOST)] = 50,
    status: Annotated[str, typer.Option(help="Only work that stands so, such as failed.")] = "",
    as_json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """List long work, the latest first: yours, all of it for Administrators."""

    async def calls(admin: Admin) -> list[Any]:
        params = {"limit": limit} | ({"status": status} if status else {})
        found: list[Any] = (await admin.read("/operations", params))["items"]
        return found

    found = by_api(settings_file, calls)
    if as_json:
        typer.echo(json.dumps(found))
    elif found:
        Console().print(_table(found))
    else:
        typer.echo("There is none.")


@operations.command()
def show(operation: Operation, as_json: Json = False, settings_file: SettingsFile = None) -> None:
    """Show how far long work is, and what came of it; ends with 1 where it failed."""
    found = by_api(settings_file, lambda admin: admin.read(_at(operation)))
    _print(found, as_json)
    raise typer.Exit(1 if found["status"] == "failed" else 0)


@operations.command()
def cancel(operation: Operation, by: By, as_json: Json = False, settings_file: SettingsFile = None) -> None:
    """Have long work end at its next step; what it has done until then stays done."""

    async def calls(admin: Admin) -> Any:
        return (await admin.call("POST", f"{_at(operation)}/cancel")).json()

    _print(by_api(settings_file, calls, by), as_json)


def _at(operation: str) -> str:
    if not operation.isascii() or not operation.replace("-", "").isalnum():
        raise typer.BadParameter("that is no id of long work")
    return f"/operations/{operation}"


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found))
    else:
        Console().print(_table([found]))
        for name in ("problem", "result"):
            if found[name]:
                typer.echo(found[name] if name == "problem" else json.dumps(found[name], indent=2))


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(Column("id", no_wrap=True), "what", "asked", "how it stands", "done")  # ids are copied
    for each in found:
        words = [each["status"], each["phase"], "being cancelled" if each["cancelling"] else ""]
        words += ["stands still" if each["stands_still"] else ""]
        done = str(each["done"]) if each["of"] is None else f"{each['done']} of {each['of']}"
        cells = (each["operation"], each["kind"], each["asked"], ", ".join(filter(None, words)), done)
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    return table

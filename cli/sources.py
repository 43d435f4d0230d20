"""`hearthline sources`: who may notify us; configure a source, give it a secret, see what never came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.switching import By

sources = typer.Typer(
    help="Who may notify us, beside HEARTHLINE_SOURCES: list, show, put, rotate, delete.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Name of the source.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@sources.command("list")
def list_sources(as_json: Json = False, settings_file: SettingsFile = None) -> None:
    """List the sources of the settings and those that were configured since."""

    async def calls(admin: Admin) -> list[Any]:
        return [each async for each in admin.pages("/sources")]

    found = by_api(settings_file, calls)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("source", "from", "sends", "proves itself by", "to")
    for each in found:
        kinds = ", ".join(proof["rule"]["kind"] for proof in each["proofs"]) or "nothing"
        cells = (each["name"], each["origin"], ", ".join(each["formats"]), kinds, each["path"])
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    Console().print(table)


@sources.command()
def show(name: Name, settings_file: SettingsFile = None) -> None:
    """Show how a source stands, and the numbers of notifications that never came, as JSON."""

    async def calls(admin: Admin) -> dict[str, Any]:
        found = await admin.read(_at(name))
        return {**found, "gaps": [each async for each in admin.pages(f"{_at(name)}/gaps")]}

    typer.echo(json.dumps(by_api(settings_file, calls), indent=2))


@sources.command()
def put(
    name: Name,
    file: Annotated[Path, typer.Argument(help='JSON: {"formats": […], "proofs": […]}, no secrets.')],
    by: By,
    settings_file: SettingsFile = None,
) -> None:
    """Configure a source, or change one; secrets are made by `rotate`."""
    try:
        body = json.loads(file.read_text("utf-8"))
        assert isinstance(body, dict)
    except (OSError, ValueError, AssertionError):
        raise typer.BadParameter(f"{file} cannot be read, or is no JSON object") from None

    async def calls(admin: Admin) -> Any:
        there = [each["name"] async for each in admin.pages("/sources")]
        if name not in there:
            return (await admin.call("POST", "/sources", {**body, "name": name})).json()
        etag = (await admin.call("GET", _at(name))).headers["ETag"].strip('"')
        return (await admin.call("PUT", _at(name), body, match=etag)).json()

    typer.echo(json.dumps(by_api(settings_file, calls, by), indent=2))


@sources.command()
def rotate(
    name: Name,
    by: By,
    proof: Annotated[int | None, typer.Option(help="Place of the proof, from 0.")] = None,
    former_hours: Annotated[
        int, typer.Option(help="How long the former secret is accepted too.", min=0)
    ] = 24,
    settings_file: SettingsFile = None,
    as_json: Json = False,
) -> None:
    """Make a new secret, and show it, this once."""
    body: dict[str, Any] = {"former_seconds": former_hours * 3600}
    body |= {} if proof is None else {"proof": proof}

    async def calls(admin: Admin) -> Any:
        return (await admin.call("POST", f"{_at(name)}/secrets", body)).json()

    made = by_api(settings_file, calls, by)
    if as_json:
        typer.echo(json.dumps(made))
        return
    typer.echo(made["secret"])
    if made["former_until"]:
        typer.echo(f"The former one is accepted until {made['former_until']}.", err=True)


@sources.command()
def delete(name: Name, by: By, settings_file: SettingsFile = None) -> None:
    """Remove a source: what it sends is refused from now on."""

    async def calls(admin: Admin) -> None:
        etag = (await admin.call("GET", _at(name))).headers["ETag"].strip('"')
        await admin.call("DELETE", _at(name), match=etag)

    by_api(settings_file, calls, by)
    typer.echo(f"{name} is gone: every instance refuses it within seconds.")


def _at(name: str) -> str:
    if not name.isascii() or not name.replace("-", "").isalnum():
        raise typer.BadParameter("a name has small letters, digits and hyphens alone")
    return f"/sources/{name}"

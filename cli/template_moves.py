"""`hearthline template submit | approve | reject | show`: who hands words in, and who says yes to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import yaml
from rich.console import Console

from cli.addressed import definition_at
from cli.calling import Admin, Refused, by_api
from cli.chosen import SettingsFile
from cli.switching import By
from cli.template_files import read_body
from shared.fhir.canonical import split_canonical
from shared.usecases.shelf import digest

File = Annotated[Path, typer.Argument(help="The template, YAML or JSON.", exists=True, dir_okay=False)]
Reference = Annotated[str, typer.Argument(help='What was submitted: "url|version".')]
Seen = Annotated[
    Path | None,
    typer.Option("--file", help="The file that was read: only this content is approved.", exists=True),
]
Role = Annotated[str, typer.Option("--role", help="In which role they do it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, as others will read it.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]

type Json = Mapping[str, Any]


def submit(
    file: File,
    by: By,
    role: Role = "",
    reason: Reason = "",
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Hand a template in, for somebody else to approve; lint must find no errors."""

    async def calls(admin: Admin) -> Any:
        body = {"content": read_body(file), "role": role, "reason": reason}
        return (await admin.call("POST", "/templates/submit", body)).json()

    _say(by_api(settings_file, calls, by), as_json)


def approve(
    template: Reference,
    by: By,
    role: Role = "",
    reason: Reason = "",
    file: Seen = None,
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Say yes to what was submitted; nobody approves their own work, nor does their own role."""
    _settle(settings_file, template, "approve", by, role, reason, file, as_json)


def reject(
    template: Reference,
    by: By,
    reason: Reason,
    role: Role = "",
    as_json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Say no to what was submitted or approved: it is a draft again."""
    _settle(settings_file, template, "reject", by, role, reason, None, as_json)


def show(template: Reference, as_json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """Show how a template stands, what was done with it, and what was submitted."""

    async def calls(admin: Admin) -> Json:
        return (await _read(admin, template))[0]

    found = by_api(settings_file, calls)
    _say(found, as_json)
    if as_json:
        return
    for move in found["moves"]:
        role, reason = (f" ({each})" if (each := move["role"]) else ""), move["reason"]
        _print(f"{move['at']} {move['action']} by {move['by']}{role}{f': {reason}' if reason else ''}")
    _print("")
    typer.echo(yaml.safe_dump(found["content"], allow_unicode=True, sort_keys=False, width=110).rstrip())


async def _read(admin: Admin, template: str) -> tuple[Json, str]:
    """Return a version and its ETag. Raises Refused where nobody has handed it in."""
    url, version = split_canonical(template)
    answer = await admin.call("GET", _path(url), params={"version": version})
    found: Json = answer.json()
    if not found["submitted"]:
        raise Refused({"detail": f"nobody has submitted {template}"})
    return found, answer.headers["ETag"].strip('"')


def _settle(
    settings_file: Path | None,
    template: str,
    action: Literal["approve", "reject"],
    by: str,
    role: str,
    reason: str,
    file: Path | None,
    as_json: bool,
) -> None:
    async def calls(admin: Admin) -> Any:
        found, etag = await _read(admin, template)
        if file is not None and digest(read_body(file)) != found["submitted"]:
            raise Refused({"detail": "what was submitted is not what is to be approved"})
        body = {"version": found["version"], "role": role, "reason": reason}
        return (await admin.call("POST", f"{_path(found['url'])}/{action}", body, match=etag)).json()

    _say(by_api(settings_file, calls, by), as_json)


def _path(url: str) -> str:
    """Return the address of a template: by an id, as a url does not fit into one."""
    return f"/templates/{definition_at('template', url)}"


def _say(state: Json, as_json: bool) -> None:
    if as_json:
        Console().print_json(data=state)
    else:
        _print(f"{state['url']}|{state['version']} is {state['approval']}.")


def _print(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)

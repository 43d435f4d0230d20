"""`hearthline segment group` and `take-list`: a segment as FHIR Groups, and a FHIR Group as a static list.

What is written, and what is taken, goes by the admin API. Groups that are only shown name every member, which
the API does to nobody: they are made from storage, and the audit trail says who had them made.
"""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer
from rich.console import Console

from cli.addressed import definition_at
from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.working import on_deployment
from shared.config import Settings
from shared.ports.trail import AuditEntry
from shared.usecases.groups import groups_of
from shared.usecases.privacy.reads import COMMAND
from shared.usecases.services import Services

Url = Annotated[str, typer.Argument(help="The url of a published segment.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def group(
    url: Url,
    settings_file: SettingsFile = None,
    write: Annotated[bool, typer.Option("--write", help="Write to the FHIR server, not to here.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who does it: an id, for the audit trail.")] = "operator",
    json: Annotated[bool, typer.Option("--json", help="With --write: one JSON object.")] = False,
) -> None:
    """Give a segment's members as FHIR Groups: a line of JSON each, or written to the FHIR server."""
    if not write:
        return _show(settings_file, url, by)
    done = by_api(settings_file, lambda admin: _write(admin, url), by)
    if json:
        typer.echo(json_text.dumps(done))
        return None
    for each in done["groups"]:
        verb = "written" if each["changed"] else "stays"
        typer.echo(f"{each['reference']} {verb}, version {each['version']}")
    return None


def take_list(
    reference: Annotated[str, typer.Argument(help="The Group on the FHIR server: Group/123.")],
    url: Annotated[str, typer.Argument(help="The url by which segments ask the list (in_list).")],
    settings_file: SettingsFile = None,
    title: Annotated[str, typer.Option(help="What people call the list.")] = "",
    json: Json = False,
) -> None:
    """Publish the people of a FHIR Group as a static list; if they have changed, as its next version."""
    body = {"reference": reference, "url": url, "title": title}

    async def calls(admin: Admin) -> dict[str, Any]:
        taken: dict[str, Any] = (await admin.call("POST", "/lists", body)).json()
        return taken

    taken = by_api(settings_file, calls)
    if json:
        typer.echo(json_text.dumps(taken))
    elif not taken["added"]:
        typer.echo(f"{taken['people']} people, as before.")
    else:
        names = (f"{each['kind']} {each['url']}|{each['version']}" for each in taken["added"])
        typer.echo(f"{taken['people']} people; published {', '.join(names)}.")


def _show(settings_file: Path | None, url: str, by: str) -> None:
    async def work(services: Services, _: Settings) -> None:
        await services.trail.append(
            AuditEntry(
                at=services.clock.now(),
                request=str(uuid4()),
                operation=f"{COMMAND}group",
                kind="read",
                outcome="done",
                by=by,
                about=(definition_at("segment", url),),
            )
        )
        async for made in groups_of(services, url):
            typer.echo(orjson.dumps(made))

    on_deployment(settings_file, work)


async def _write(admin: Admin, url: str) -> dict[str, Any]:
    started = await admin.call("POST", f"/segments/{definition_at('segment', url)}/group")
    return await admin.follow(started.json(), Console(stderr=True))

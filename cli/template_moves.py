"""`hearthline template submit | approve | reject | show`: who hands words in, and who says yes to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

from cli.chosen import SettingsFile
from cli.switching import By
from cli.template_files import read_body
from cli.working import on_deployment
from shared.config import Settings
from shared.document import Document
from shared.fhir.instants import iso
from shared.message.approval import Action, Approval
from shared.usecases.services import Services
from shared.usecases.shelf import digest
from shared.usecases.templates.approval import load_approval, settle, submitted
from shared.usecases.templates.approval import submit as hand_in

File = Annotated[Path, typer.Argument(help="The template, YAML or JSON.", exists=True, dir_okay=False)]
Reference = Annotated[str, typer.Argument(help='What was submitted: "url|version".')]
Seen = Annotated[
    Path | None,
    typer.Option("--file", help="The file that was read: only this content is approved.", exists=True),
]
Role = Annotated[str, typer.Option("--role", help="In which role they do it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, as others will read it.")]


def submit(file: File, by: By, role: Role, reason: Reason = "", settings_file: SettingsFile = None) -> None:
    """Hand a template in, for somebody else to approve; lint must find no errors."""

    async def work(services: Services, _: Settings) -> Approval:
        return await hand_in(services, Document("template", str(file), read_body(file)), by, role, reason)

    _say(on_deployment(settings_file, work))


def approve(
    template: Reference,
    by: By,
    role: Role,
    reason: Reason = "",
    file: Seen = None,
    settings_file: SettingsFile = None,
) -> None:
    """Say yes to what was submitted; nobody approves their own work, nor does their own role."""
    _settle(settings_file, template, "approve", by, role, reason, file)


def reject(
    template: Reference, by: By, reason: Reason, role: Role = "", settings_file: SettingsFile = None
) -> None:
    """Say no to what was submitted or approved: it is a draft again."""
    _settle(settings_file, template, "reject", by, role, reason, None)


def show(template: Reference, settings_file: SettingsFile = None) -> None:
    """Show how a template stands, what was done with it, and what was submitted."""

    async def work(services: Services, _: Settings) -> tuple[Approval, dict[str, object]]:
        state, _etag = await load_approval(services.documents, template)
        return state, await submitted(services, state)

    state, body = on_deployment(settings_file, work)
    _say(state)
    for move in state.moves:
        role, reason = (f" ({move.role})" if move.role else ""), (f": {move.reason}" if move.reason else "")
        _print(f"{iso(move.at)} {move.action} by {move.by}{role}{reason}")
    _print("")
    typer.echo(yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=110).rstrip())


def _settle(
    settings_file: Path | None,
    template: str,
    action: Action,
    by: str,
    role: str,
    reason: str,
    file: Path | None,
) -> None:
    async def work(services: Services, _: Settings) -> Approval:
        mark = digest(read_body(file)) if file is not None else ""
        return await settle(services, template, action, by, role, reason, mark)

    _say(on_deployment(settings_file, work))


def _say(state: Approval) -> None:
    _print(f"{state.template} is {state.status}.")


def _print(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)

"""`hearthline token`: a token for the admin API of the stack on this machine, in any role."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from sandbox.issuer.signing import AUDIENCE, SigningKey, claims_of
from sandbox.plan import Plan
from shared.access.claims import Expected, caller_of
from shared.access.roles import Role
from shared.errors import Unauthenticated

_NONE = "there is no stack in {}: start one with hearthline up, or name its folder with --folder"
Roles = Annotated[list[Role], typer.Option("--role", help="An app role; may be repeated.")]


def token(
    role: Roles,
    subject: Annotated[str, typer.Option(help="Who is calling; by default one person a role.")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=24 * 60, help="How long it is valid.")] = 60,
    application: Annotated[bool, typer.Option("--application", help="No person is behind it.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the stack's state lies.")] = Path(".sandbox"),
) -> None:
    """Print a token for the admin API of the local stack, signed by its own issuer."""
    plan = Plan(folder=folder.resolve())
    issuer = _issuer(plan)
    who = subject or "-".join(["sandbox", *sorted({each.lower() for each in role})])
    claims = claims_of(issuer, role, who, int(time.time()), minutes, application=application)
    try:
        caller_of(claims, Expected(issuer, AUDIENCE))
    except Unauthenticated:
        raise typer.BadParameter("--subject has letters, digits, dots and dashes, 64 at most") from None
    typer.echo(SigningKey.kept(plan.issuer_key).sign(claims))


def _issuer(plan: Plan) -> str:
    try:
        values = json.loads((plan.folder / "local.settings.json").read_text())["Values"]
        issuer = str(values["HEARTHLINE_ENTRA_ISSUER"])
    except (OSError, ValueError, KeyError, TypeError):
        issuer = ""
    if not issuer or not plan.issuer_key.exists():
        raise typer.BadParameter(_NONE.format(plan.folder))
    return issuer

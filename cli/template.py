"""`hearthline template`: check, lint, look at and approve templates, gathered here."""

from __future__ import annotations

import json

import typer

from cli.template_check import check, lint_templates
from cli.template_moves import approve, reject, show, submit
from cli.template_preview import preview
from shared.message.template import template_schema

template = typer.Typer(help="Check, lint, preview and approve templates.", no_args_is_help=True)
template.command()(check)
template.command("lint")(lint_templates)
template.command()(preview)
for _move in (submit, approve, reject, show):
    template.command()(_move)


@template.command()
def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    typer.echo(json.dumps(template_schema(), indent=2, ensure_ascii=False))

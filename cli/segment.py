"""`hearthline segment`: what authors do with segments on their own machine, gathered here."""

from __future__ import annotations

import json

import typer

from cli.segment_check import check
from cli.segment_evaluate import evaluate
from cli.segment_group import group, take_list
from cli.segment_preview import segment_preview
from cli.segment_valueset import take_valueset
from shared.segment.definition import segment_schema

segment = typer.Typer(help="Check, evaluate and preview segments.", no_args_is_help=True)
segment.command()(check)
segment.command()(evaluate)
segment.command("preview")(segment_preview)
segment.command()(group)
segment.command("take-list")(take_list)
segment.command("take-valueset")(take_valueset)


@segment.command()
def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    typer.echo(json.dumps(segment_schema(), indent=2, ensure_ascii=False))

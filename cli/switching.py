"""What commands that switch something have in common: who, why, and the look at everybody that follows."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.calling import Calls, by_api
from cli.population import follow_run, show_run

By = Annotated[str, typer.Option("--by", help="Who does it: an id, as others will read it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, as others will read it.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when every patient was looked at.")]


def switch_by_api(
    settings_file: Path | None,
    done: str,
    throw: Calls[dict[str, Any]],
    by: str,
    *,
    wait: bool = False,
    json: bool = False,
) -> None:
    """Throw a switch by the admin API, and say so; its answer has `changed` and `population`."""
    console = Console()
    switched = by_api(settings_file, throw, by)
    population = str(switched["population"])
    if json:
        typer.echo(json_text.dumps(switched))
    elif not switched["changed"]:
        _print(console, "Nothing to do: it is so already.")
    else:
        look = f"; every patient is looked at (hearthline population {population})" if population else ""
        _print(console, f"{done}: every instance knows within seconds{look}.")
    if wait and population:
        run = by_api(settings_file, lambda api: follow_run(api, population, Console(stderr=json)))
        if not json:
            show_run(console, run)


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)

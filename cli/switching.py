"""What commands that switch something have in common: who, why, and the look at everybody that follows."""

from __future__ import annotations

import json as json_text
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.calling import Calls, by_api
from cli.population import follow_run, show_run
from cli.working import on_deployment
from shared.config import Settings
from shared.usecases.controls import Switched
from shared.usecases.populate import start_population
from shared.usecases.services import Services

By = Annotated[str, typer.Option("--by", help="Who does it: an id, as others will read it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, as others will read it.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return only when every patient was looked at.")]


def switch(
    settings_file: Path | None, wait: bool, done: str, throw: Callable[[Services], Awaitable[Switched]]
) -> None:
    """Throw a switch, have everybody looked at where that is needed, and say so; `done` is what was done."""
    console = Console()

    async def work(services: Services, _: Settings) -> Switched:
        switched = await throw(services)
        await _look(services, switched)
        return switched

    switched = on_deployment(settings_file, work)
    console.print(_said(done, switched), highlight=False, markup=False, soft_wrap=True)
    if wait and switched.population:
        show_run(console, by_api(settings_file, lambda api: follow_run(api, switched.population, console)))


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


def _said(done: str, switched: Switched) -> str:
    if not switched.changed:
        return "Nothing to do: it is so already."
    look = f"; every patient is looked at (hearthline population {switched.population})"
    return f"{done}: every instance knows within seconds{look if switched.population else ''}."


async def _look(services: Services, switched: Switched) -> None:
    """Have everybody looked at, once every instance should know; or go on, if who threw it before did not."""
    if switched.population:
        delay = services.hears_after if switched.changed else 0.0
        await start_population(services, switched.population, delay=delay)

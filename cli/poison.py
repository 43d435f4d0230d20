"""`hearthline poison`: see what queues gave up, have it done again once a bug is mended, or throw it away."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from cli.chosen import SettingsFile
from cli.poison_text import counted, detailed, listed, seen
from cli.switching import By, Reason
from cli.working import on_deployment
from shared.bootstrap import open_poison
from shared.config import Settings
from shared.ports import PoisonQueues
from shared.usecases.poison import Done, counts
from shared.usecases.poison import purge as throw_away
from shared.usecases.poison import replay as put_back
from shared.usecases.poison import show as look
from shared.usecases.services import Services

poison = typer.Typer(help="What queues gave up: poison messages and dead letters.", no_args_is_help=True)

Queue = Annotated[str, typer.Argument(help="Name of the queue, such as changes.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of messages, as `show` tells them.")]
All = Annotated[bool, typer.Option("--all", help="All that the queue gave up.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

type Work[T] = Callable[[Services, PoisonQueues], Awaitable[T]]


@poison.command("list")
def list_queues(as_json: Json = False, settings_file: SettingsFile = None) -> None:
    """Count what each queue gave up; ends with 1 while there is anything."""
    found = _on(settings_file, lambda _, given_up: counts(given_up))
    if as_json:
        _print(json.dumps(counted(found), indent=2))
    else:
        Console().print(listed(found))
    raise typer.Exit(1 if any(each.count for each in found) else 0)


@poison.command()
def show(
    queue: Queue,
    limit: Annotated[int, typer.Option(help="Messages at most; Storage shows 32.", min=1)] = 32,
    as_json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Show the first messages that a queue gave up: what kind of job each is, and ids; nothing it says."""
    found = _on(settings_file, lambda _, given_up: look(given_up, queue, limit))
    if as_json:
        _print(json.dumps([detailed(each) for each in found], indent=2))
    elif found:
        Console().print(seen(found))
        if len(found) in (limit, 32):
            _print("There may be more: `hearthline poison list` counts them.")
    else:
        _print(f"{queue} gave nothing up.")


@poison.command()
def replay(
    queue: Queue, ids: Ids = None, everything: All = False, settings_file: SettingsFile = None
) -> None:
    """Put messages back onto their queue, as new ones; to do it twice does no harm."""
    which = _which(ids, everything)
    done = _on(settings_file, lambda services, given_up: put_back(services, given_up, queue, which))
    _end(done, f"put back onto {queue}")


@poison.command()
def purge(
    queue: Queue,
    by: By,
    reason: Reason,
    ids: Ids = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Throw messages away for good; what they would have brought about is lost. It is written down."""
    which = _which(ids, everything)
    many = "all that it gave up" if which is None else f"{len(which)} messages"
    _print(f"Of {queue}, {many} will be gone, with all that they would have brought about.")
    if not (yes or typer.confirm("Go on?")):
        _print("Nothing was done.")
        raise typer.Exit(1)
    done = _on(settings_file, lambda services, gone: throw_away(services, gone, queue, which, by, reason))
    _end(done, "thrown away, and written down by whom")


def _which(ids: list[str] | None, everything: bool) -> frozenset[str] | None:
    if bool(ids) == everything:
        raise typer.BadParameter("name messages by their ids, or say --all")
    return None if everything else frozenset(ids or ())


def _end(done: Done, what: str) -> None:
    _print(f"{len(done.done)} {what}.")
    for name in done.missing:
        _print(f"not there, or in somebody else's hands: {name}")
    raise typer.Exit(1 if done.missing else 0)


def _on[T](settings_file: Path | None, work: Work[T]) -> T:
    """Work on what the queues of a deployment gave up."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # its failures come to us as ours

    async def opened(services: Services, settings: Settings) -> T:
        async with aiohttp.ClientSession() as session:
            return await work(services, open_poison(settings, session))

    return on_deployment(settings_file, opened)


def _print(text: str) -> None:
    Console().print(text, highlight=False, markup=False, soft_wrap=True)

"""`hearthline poison`: see what queues gave up, have it done again once a bug is mended, or throw it away."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.calling import Admin, Calls, by_api
from cli.chosen import SettingsFile
from cli.poison_text import detailed, listed, seen
from cli.switching import By, Reason

poison = typer.Typer(help="What queues gave up: poison messages and dead letters.", no_args_is_help=True)

Queue = Annotated[str, typer.Argument(help="Name of the queue, such as changes.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of messages, as `show` tells them.")]
All = Annotated[bool, typer.Option("--all", help="All that the queue gave up.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

AT_ONCE = 200
"""Messages that one request names."""


@poison.command("list")
def list_queues(as_json: Json = False, settings_file: SettingsFile = None) -> None:
    """Count what each queue gave up; ends with 1 while there is anything."""

    async def calls(admin: Admin) -> list[Any]:
        return [each async for each in admin.pages("/poison")]

    found = _on(settings_file, calls)
    if as_json:
        _print(json.dumps(found, indent=2))
    else:
        Console().print(listed(found))
    raise typer.Exit(1 if any(each["count"] for each in found) else 0)


@poison.command()
def show(
    queue: Queue,
    limit: Annotated[int, typer.Option(help="Messages at most; Storage shows 32.", min=1, max=AT_ONCE)] = 32,
    as_json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Show the first messages that a queue gave up: what kind of job each is, and ids; nothing it says."""

    async def calls(admin: Admin) -> list[Any]:
        found: list[Any] = (await admin.read(_at(queue), {"limit": limit}))["items"]
        return found

    found = _on(settings_file, calls)
    if as_json:
        _print(json.dumps([detailed(queue, each) for each in found], indent=2))
    elif found:
        Console().print(seen(found))
        if len(found) in (limit, 32):
            _print("There may be more: `hearthline poison list` counts them.")
    else:
        _print(f"{queue} gave nothing up.")


@poison.command()
def replay(
    queue: Queue,
    ids: Ids = None,
    everything: All = False,
    settings_file: SettingsFile = None,
    as_json: Json = False,
) -> None:
    """Put messages back onto their queue, as new ones; to do it twice does no harm."""
    which = _which(ids, everything)
    done = _on(settings_file, lambda admin: _each(admin, queue, "replay", which, {}))
    _end(done, f"put back onto {queue}", as_json)


@poison.command()
def purge(
    queue: Queue,
    by: By,
    reason: Reason,
    ids: Ids = None,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    settings_file: SettingsFile = None,
    as_json: Json = False,
) -> None:
    """Throw messages away for good; what they would have brought about is lost. It is written down."""
    which = _which(ids, everything)
    if not (by.strip() and reason.strip()):
        _print("Throwing work away needs somebody who does it, and a reason.")
        raise typer.Exit(1)
    many = "all that it gave up" if everything else f"{len(ids or ())} messages"
    _print(f"Of {queue}, {many} will be gone, with all that they would have brought about.")
    if not (yes or typer.confirm("Go on?")):
        _print("Nothing was done.")
        raise typer.Exit(1)
    done = _on(settings_file, lambda admin: _each(admin, queue, "purge", which, {"reason": reason}), by)
    _end(done, "thrown away, and written down by whom", as_json)


async def _each(
    admin: Admin, queue: str, what: str, which: list[dict[str, Any]], more: dict[str, Any]
) -> dict[str, Any]:
    """Have all parts done, one after another: how many messages were, and which were not there."""
    done: dict[str, Any] = {"done": 0, "missing": []}
    for part in which:
        started = (await admin.call("POST", f"{_at(queue)}/{what}", {**part, **more})).json()
        came = await admin.follow(started, Console(stderr=True))
        done = {"done": done["done"] + came["done"], "missing": [*done["missing"], *came["missing"]]}
    return done


def _which(ids: list[str] | None, everything: bool) -> list[dict[str, Any]]:
    """Return what is asked for, cut into requests."""
    if bool(ids) == everything:
        raise typer.BadParameter("name messages by their ids, or say --all")
    named = sorted(set(ids or ()))
    parts = [named[start : start + AT_ONCE] for start in range(0, len(named), AT_ONCE)]
    return [{"all": True}] if everything else [{"messages": part} for part in parts]


def _at(queue: str) -> str:
    if not queue.isascii() or not queue.replace("-", "").isalnum():
        raise typer.BadParameter("the name of a queue has small letters and hyphens alone")
    return f"/poison/{queue}"


def _end(done: dict[str, Any], what: str, as_json: bool) -> None:
    if as_json:
        _print(json.dumps(done))
    else:
        _print(f"{done['done']} {what}.")
        for name in done["missing"]:
            _print(f"not there, or in somebody else's hands: {name}")
    raise typer.Exit(1 if done["missing"] else 0)


def _on[T](settings_file: Path | None, calls: Calls[T], by: str = "") -> T:
    """Work on what the queues of a deployment gave up."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # its failures come to us as ours
    return by_api(settings_file, calls, by)


def _print(text: str) -> None:
    Console().print(text, highlight=False, markup=False, soft_wrap=True)

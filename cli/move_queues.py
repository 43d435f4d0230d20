"""`hearthline move-queues`: after a switch of transports, bring over what stands in the old queues."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from cli.chosen import chosen
from cli.working import on_deployment
from shared.bootstrap import open_left_behind
from shared.config import Settings
from shared.errors import Rejected
from shared.ports import LeftBehind
from shared.queues import QUEUES
from shared.usecases.moving import move
from shared.usecases.services import Services

OldSettings = Annotated[
    Path, typer.Option("--from", help="A local.settings.json that describes the queues to empty.")
]
NewSettings = Annotated[
    Path | None,
    typer.Option("--settings", help="The same of the deployment as it is; else the environment's."),
]


def move_queues(old: OldSettings, settings_file: NewSettings = None) -> None:
    """Bring over what stands in the queues of the old transport; ends with 1 while some of it is put off."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # its failures come to us as ours

    async def work(services: Services, settings: Settings) -> int:
        before = chosen(old)
        if _place(before) == _place(settings):
            raise Rejected("both settings name the same queues: there is nothing to move", "same-queues")
        async with aiohttp.ClientSession() as session:
            left = open_left_behind(before, session)
            return sum([await _move(services, left, queue) for queue in QUEUES])

    if on_deployment(settings_file, work):
        typer.echo("Some are put off for five minutes at most: run it again until it ends with 0.")
        raise typer.Exit(1)
    typer.echo("Nothing is left there that could be moved now.")


async def _move(services: Services, left: LeftBehind, queue: str) -> int:
    """Move one queue, and tell of it; how many are still there."""
    moved = await move(services, left, queue)
    waiting = await left.waiting(queue)
    rest = "put off ones are not shown" if waiting is None else f"{waiting} put off"
    if moved or waiting:
        typer.echo(f"{queue}: {moved} moved, {rest}")
    return waiting or 0


def _place(settings: Settings) -> tuple[str, str]:
    """Say where the queues are that settings describe."""
    keys, name = settings.storage, settings.storage_account
    if settings.transport == "servicebus":
        keys, name = settings.bus, settings.bus_namespace
    return settings.transport, keys.get_secret_value() if keys is not None else name

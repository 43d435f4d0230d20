"""Do something on the deployment that settings describe, and tell what went wrong without a stack trace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import typer
from rich.console import Console

from cli.chosen import chosen
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError
from shared.usecases.services import Services

type Work[T] = Callable[[Services, Settings], Awaitable[T]]


def on_deployment[T](settings_file: Path | None, work: Work[T]) -> T:
    """Carry out `work`; what it raises of ours is printed, and the command ends with 1."""
    try:
        return asyncio.run(_with_services(chosen(settings_file), work))
    except (HearthlineError, OSError) as problem:
        Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


async def _with_services[T](settings: Settings, work: Work[T]) -> T:
    async with aiohttp.ClientSession() as session:
        ready = await build(settings, session)
        try:
            return await work(ready, settings)
        finally:
            if ready.happened is not None:
                await ready.happened.flush()

"""`hearthline letters`: the file for a print house, a day's letters and a manifest, and their removal."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from cli.chosen import SettingsFile, chosen
from shared.bootstrap import open_blobs
from shared.config import Settings
from shared.errors import HearthlineError
from shared.usecases.letters import Batch, drop_letters, make_batch, write_batch

letters = typer.Typer(help="Letters for a print house.", no_args_is_help=True)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(text: str) -> str:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter("is no day such as 2026-03-02") from None


Day = Annotated[str, typer.Argument(help="In the organisation's time zone: 2026-03-02.", callback=_day)]
Before = Annotated[str, typer.Argument(help="The first day whose letters stay.", callback=_day)]
Out = Annotated[Path, typer.Argument(help="The ZIP file to write: it holds health data.")]
Number = Annotated[int | None, typer.Option("--number", min=1, help="Make this batch of the day once more.")]


@letters.command()
def batch(day: Day, out: Out, number: Number = None, settings_file: SettingsFile = None) -> None:
    """Put the letters of DAY that are in no batch yet into one, and write it to OUT.

    Where there are no new ones the latest batch is written once more, the same to the byte.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        made, body = asyncio.run(_make(chosen(settings_file), day, number))
        out.touch(mode=0o600)
        out.write_bytes(body)
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False)
        raise typer.Exit(1) from None
    again = ", once more" if made.again else ""
    pages = sum(letter.pages for letter in made.letters)
    typer.echo(
        f"Batch {made.number} of {day}{again}: {len(made.letters)} letter(s), {pages} page(s) in {out}"
    )


@letters.command()
def drop(before: Before, settings_file: SettingsFile = None) -> None:
    """Remove the letters of the days before BEFORE that are in a batch; which there were is still known."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        dropped, left = asyncio.run(_drop(chosen(settings_file), before))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False)
        raise typer.Exit(1) from None
    kept = f"; {left} in no batch yet are kept" if left else ""
    typer.echo(f"{dropped} letter(s) of the days before {before} removed{kept}")


async def _drop(settings: Settings, before: str) -> tuple[int, int]:
    async with aiohttp.ClientSession() as session:
        return await drop_letters(await open_blobs(settings, session), before)


async def _make(settings: Settings, day: str, number: int | None) -> tuple[Batch, bytes]:
    async with aiohttp.ClientSession() as session:
        blobs = await open_blobs(settings, session)
        made = await make_batch(blobs, day, number)
        return made, await write_batch(blobs, made)

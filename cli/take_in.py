"""`hearthline take-in`: make records of the patients who were there before we came.

From the FHIR server, patient by patient; from an export that it makes; or from files, without the server.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import aiohttp
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.chosen import SettingsFile, chosen
from cli.gathering import SqliteGathering
from cli.instants import instant
from cli.ndjson_files import data_files, read_file
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError
from shared.fhir.instants import Instant, iso
from shared.fhir.project import KEPT_TYPES
from shared.usecases.bulk import Sorter, Tally, mark_taken_in, take_in_all
from shared.usecases.exports import finished, gather_export
from shared.usecases.read import lens_of
from shared.usecases.services import Services
from shared.usecases.take_in import take_in_everyone

_MOST_SHOWN = 50
"""Lines of rubbish that are shown; the others are only counted."""


class _Asked(Struct, frozen=True):
    """Where the patients come from."""

    files: Path | None
    as_of: Instant | None
    export: bool
    group: str
    since: Instant | None
    container: str
    place: str


def take_in(
    settings_file: SettingsFile = None,
    files: Annotated[
        Path | None, typer.Option("--from", exists=True, help="A folder (or file) of NDJSON or JSON, or .gz.")
    ] = None,
    as_of: Annotated[str, typer.Option(help="The files hold all there was at this instant.")] = "",
    export: Annotated[bool, typer.Option("--export", help="Have the FHIR server export everything.")] = False,
    group: Annotated[str, typer.Option(help="Only the members of this Group (its id).")] = "",
    since: Annotated[str, typer.Option(help="Only what changed since this instant.")] = "",
    container: Annotated[str, typer.Option(help="The storage container that Azure exports into.")] = "",
    place: Annotated[
        str, typer.Option("--resume", help="The address of an export that was begun before.")
    ] = "",
) -> None:
    """Take in every patient; to do it again changes only what has changed."""
    if files is not None and (export or place):
        raise typer.BadParameter("--from and --export are two different ways")
    if as_of and files is None:
        raise typer.BadParameter("--as-of says something of the files of --from")
    if (group or since or container) and not export:
        raise typer.BadParameter("--group, --since and --container are for --export")
    asked = _Asked(files, instant(as_of), export or bool(place), group, instant(since), container, place)
    console = Console()
    try:
        found = asyncio.run(_take_in(chosen(settings_file), asked, console))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    console.print(f"{found} patients taken in.")


async def _take_in(settings: Settings, asked: _Asked, console: Console) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        with Progress(*columns, console=console) as bars:
            if asked.files is None and not asked.export:
                return await _one_by_one(services, bars)
            with (
                TemporaryDirectory(prefix="hearthline-") as folder,
                closing(SqliteGathering(Path(folder))) as gathering,
            ):
                return await _in_bulk(services, asked, gathering, _Heard(bars))


async def _one_by_one(services: Services, bars: Progress) -> int:
    task = bars.add_task("taking in patients", total=None)
    found = await take_in_everyone(services, lambda done, of: bars.update(task, completed=done, total=of))
    return len(found)


class _Heard:
    """Shows how far it is, and what is wrong."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._problems = 0

    def begin(self, what: str, total: int | None = None) -> TaskID:
        return self._bars.add_task(what, total=total)

    def moved(self, task: TaskID, done: int, total: int | None = None) -> None:
        self._bars.update(task, completed=done, total=total)

    def read(self, task: TaskID, before: int, at: int) -> None:
        self._bars.update(task, completed=before + at)

    def doing(self, task: TaskID, what: str) -> None:
        self._bars.update(task, description=what)

    def report(self, problem: str) -> None:
        self._problems += 1
        if self._problems <= _MOST_SHOWN:
            self.say(problem, "yellow")

    def say(self, text: str, style: str = "") -> None:
        self._bars.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def summarise(self, tally: Tally) -> None:
        if self._problems > _MOST_SHOWN:
            self.say(f"… and {self._problems - _MOST_SHOWN} more like these", "yellow")
        self.say(f"{tally.kept} resources kept")
        for word, counts in (
            ("of a type that is not kept", tally.not_kept),
            ("of no patient", tally.of_nobody),
        ):
            if counts:
                each = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
                self.say(f"{counts.total()} {word}: {each}")


async def _in_bulk(services: Services, asked: _Asked, gathering: SqliteGathering, heard: _Heard) -> int:
    sorter = Sorter(services.zone, gathering, lens=await lens_of(services))
    place, complete = "", asked.as_of
    if asked.files is not None:
        _read(asked.files, sorter, heard)
    else:
        place, at = await _export(services, asked, sorter, heard)
        complete = None if asked.group or asked.since or asked.place else at
    heard.summarise(sorter.tally)
    task = heard.begin("taking in patients")
    found = await take_in_all(services, gathering, lambda done, of: heard.moved(task, done, of))
    if complete is not None:
        await mark_taken_in(services, complete)
    if place:
        await services.fhir.end_export(place)
    return found


def _read(files: Path, sorter: Sorter, heard: _Heard) -> None:
    paths = data_files(files)
    before, total = 0, sum(path.stat().st_size for path in paths)
    task = heard.begin("reading (bytes)", total)
    for path in paths:
        for resource in read_file(path, heard.report, partial(heard.read, task, before)):
            sorter.sort_out(resource)
        before += path.stat().st_size


async def _export(services: Services, asked: _Asked, sorter: Sorter, heard: _Heard) -> tuple[str, Instant]:
    place = asked.place
    if not place:
        place = await services.fhir.start_export(KEPT_TYPES, asked.group, asked.since, asked.container)
        heard.say(f"The export is at {place}: should this end early, go on with --resume and that address.")
    task = heard.begin("waiting for the export")
    export = await finished(services, place, lambda told: heard.doing(task, f"waiting for the export {told}"))
    heard.say(f"Exported as of {iso(export.at)}: {len(export.files)} files.")
    await gather_export(
        services, export, sorter, heard.report, lambda name: heard.doing(task, f"reading {name}")
    )
    return place, export.at

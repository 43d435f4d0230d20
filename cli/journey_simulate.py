"""`hearthline journey simulate`: what a journey would do to a whole population, before it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from cli.journey_files import Folders, JourneyFile
from cli.simulation_bars import Bar, bar
from cli.simulation_options import (
    Arrivals,
    Assume,
    AssumptionsFile,
    Currency,
    Data,
    Enrol,
    For,
    From,
    Price,
    Region,
    Seed,
    SettingsFile,
    Workers,
    Zone,
    asked,
    supposed,
    workers_of,
)
from cli.simulation_page import page
from cli.simulation_source import Source, source
from cli.simulation_text import show, show_comparison, shown_comparison
from shared.errors import HearthlineError
from shared.usecases.simulation.comparing import Comparison, compare
from shared.usecases.simulation.playing import play
from shared.usecases.simulation.report import Report, report
from shared.usecases.simulation.stage import set_stage

Diff = Annotated[
    Path | None,
    typer.Option(
        "--diff", help="The version to compare with, over the same people.", exists=True, dir_okay=False
    ),
]
Html = Annotated[Path | None, typer.Option("--html", help="Write a page with charts, complete in one file.")]


def simulate(
    file: JourneyFile,
    data: Data = None,
    start: From = "",
    length: For = "P90D",
    diff: Diff = None,
    definitions: Folders = [],  # noqa: B006 - typer's way
    assume: Assume = [],  # noqa: B006 - typer's way
    price: Price = [],  # noqa: B006 - typer's way
    assumptions: AssumptionsFile = None,
    seed: Seed = "",
    currency: Currency = "",
    zone: Zone = "UTC",
    region: Region = "US",
    arrivals: Arrivals = "none",
    enrol: Enrol = "",
    settings_file: SettingsFile = None,
    workers: Workers = 0,
    html: Html = None,
    json: Annotated[bool, typer.Option("--json", help="Everything, as one JSON object.")] = False,
) -> None:
    """Play a journey over real people on a virtual clock; nothing is written, nobody is told anything."""
    errors = Console(stderr=True, soft_wrap=True)
    try:
        assumed = supposed(assumptions, assume, price, seed, currency)
        wanted = asked(
            definitions, data, settings_file, zone, region, arrivals, start, length, assumed, enrol
        )
        warn = lambda words: errors.print(words, style="yellow", markup=False)  # noqa: E731 - a callback
        with bar(errors) as shown:
            found = source((diff, file) if diff else (file,), wanted, shown.say, warn)
            reports, comparison = _played(found, workers_of(workers), shown)
        if html is not None:
            html.write_text(page(reports[-1], reports[0] if diff else None, comparison), encoding="utf-8")
    except (HearthlineError, OSError) as problem:
        errors.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if json:
        typer.echo(_json(reports[-1], comparison))
        return
    console = Console(highlight=False)
    show(console, reports[-1])
    if comparison is not None:
        show_comparison(console, comparison)


def _played(found: Source, workers: int, shown: Bar) -> tuple[list[Report], Comparison | None]:
    """Play everybody, on both versions where there are two; the last report is the file's own."""
    played = play(found.parcels(), found.plans, workers, shown.counting("playing", found.total))
    stages = [set_stage(plan) for plan in found.plans]
    reports = [report(counts, stage) for counts, stage in zip(played.counts, stages, strict=True)]
    if len(reports) < 2:
        return reports, None
    return reports, compare(reports[0], reports[-1], played.different, played.examples)


def _json(made: Report, comparison: Comparison | None) -> str:
    compared = {} if comparison is None else {"compared": shown_comparison(comparison)}
    return msgspec.json.encode({**msgspec.structs.asdict(made), **compared}).decode()

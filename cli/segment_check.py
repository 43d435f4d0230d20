"""`hearthline segment check`: tell an author all that is wrong with segment files, before publishing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.segment_files import compile_file, surroundings
from cli.segment_options import SegmentFolders, ValueSetFiles, Zone
from shared.errors import HearthlineError

Files = Annotated[
    list[Path], typer.Argument(help="Segment files, YAML or JSON.", exists=True, dir_okay=False)
]


def check(
    files: Files,
    valuesets: ValueSetFiles = [],  # noqa: B006 - typer's way
    segments: SegmentFolders = [],  # noqa: B006 - typer's way
    zone: Zone = "UTC",
) -> None:
    """Check segment files; exit status 1 if any has a mistake, each told with its place."""
    console = Console(soft_wrap=True)
    wrong = 0
    try:
        report = lambda problem: console.print(problem, markup=False)  # noqa: E731 - a callback
        around = surroundings(files, valuesets, zone, report, segments)
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    for file in files:
        try:
            compiled, definition = compile_file(file, around)
        except (HearthlineError, OSError) as problem:
            wrong += 1
            console.print(str(problem), style="red", markup=False, highlight=False)
        else:
            timed = "changes by time" if compiled.timed else "changes only by new data"
            console.print(
                f"{file}: {definition.canonical} is sound; it {timed}.", markup=False, highlight=False
            )
    if wrong:
        raise typer.Exit(1)

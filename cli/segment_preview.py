"""`hearthline segment preview`: how many would be in a segment; their age, sex, language and channel.

Asked of columns (`hearthline columns build`), or of files, which are put into columns for the occasion.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.columns import build_from_files
from cli.segment_files import compile_file, referred, surroundings
from cli.segment_options import (
    AsOf,
    Params,
    SegmentFile,
    SegmentFolders,
    ValueSetFiles,
    Zone,
    instant,
    parameters,
)
from shared.bootstrap import open_columns
from shared.errors import HearthlineError
from shared.fhir.instants import iso
from shared.fhir.lens import Lens
from shared.segment.sql.preview import BREAKDOWNS
from shared.usecases.preview import SAMPLE, Asked, Preview, preview

Data = Annotated[
    Path | None, typer.Option("--data", help="NDJSON or JSON of resources or Bundles.", exists=True)
]
Columns = Annotated[
    Path | None,
    typer.Option("--columns", help="A folder made by `columns build`.", exists=True, file_okay=False),
]
Size = Annotated[int, typer.Option("--sample", help="How many members to name.", min=0, max=1000)]


def segment_preview(
    file: SegmentFile,
    data: Data = None,
    columns: Columns = None,
    valuesets: ValueSetFiles = [],  # noqa: B006 - typer's way
    segments: SegmentFolders = [],  # noqa: B006 - typer's way
    as_of: AsOf = "",
    param: Params = [],  # noqa: B006 - typer's way
    zone: Zone = "UTC",
    size: Size = SAMPLE,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Preview a segment over a whole population; nobody is entered."""
    if (data is None) == (columns is None):
        raise typer.BadParameter("give --data or --columns, one of them")
    errors = Console(stderr=True, soft_wrap=True)
    now = instant(as_of, zone)
    report = lambda problem: errors.print(problem, style="yellow", markup=False)  # noqa: E731 - a callback
    try:
        around = surroundings([file], valuesets, zone, report, segments)
        compiled, definition = compile_file(file, around, parameters(param))
        others = {other.url: other for other in referred(definition, around, parameters(param))}
        asked = Asked(definition, around.valuesets, around.zone, now, others, around.lists, size)
        if columns is not None:
            found = _of_columns(columns, asked)
        else:
            assert data is not None  # one of them is given
            found = _of_data(data, asked, compiled.lens, errors)
    except (HearthlineError, OSError) as problem:
        errors.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if json:
        typer.echo(msgspec.json.encode(_shown(found)).decode())
    else:
        _print(found)


def _of_data(data: Path, asked: Asked, lens: Lens, errors: Console) -> Preview:
    """Put files into columns in a temporary folder, and ask those."""
    with TemporaryDirectory(prefix="hearthline-preview-") as folder:
        build_from_files(data, Path(folder), ZoneInfo(str(asked.zone)), lens, None, errors)
        return _of_columns(Path(folder), asked)


def _of_columns(folder: Path, asked: Asked) -> Preview:
    with closing(open_columns(folder)) as opened:
        return preview(opened, asked)


def _shown(found: Preview) -> dict[str, object]:
    """Write instants as people do."""
    return {**msgspec.structs.asdict(found), "as_of": iso(found.as_of), "snapshot": iso(found.snapshot)}


def _print(found: Preview) -> None:
    console = Console(highlight=False)
    share = f" ({found.members / found.population:.1%})" if found.population else ""
    console.print(f"{found.members} of {found.population} patients{share} in {found.segment}", markup=False)
    console.print(f"as of {iso(found.as_of)}, by records of {iso(found.snapshot)}", style="dim")
    table = Table("by", "", "members")
    for name in BREAKDOWNS:
        for word, count in getattr(found, name).items():
            table.add_row(name, Text(word), str(count))
    console.print(table)
    for one in found.sample:
        console.print(Text(f"Patient/{one.patient}"))

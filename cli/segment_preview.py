"""`hearthline segment preview`: how many would be in a segment; their age, sex, language and channel.

Asked of columns (`hearthline columns build`), of files, which are put into columns for the occasion, or of
all that is stored, by the admin API.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.calling import Admin, by_api
from cli.chosen import SettingsFile
from cli.columns import build_from_files
from cli.segment_files import compile_file, read_document, referred, surroundings
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
from shared.fhir.instants import Instant, iso
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
Stored = Annotated[bool, typer.Option("--stored", help="All that a deployment has stored, by its admin API.")]
AtMost = Annotated[
    int | None, typer.Option("--at-most", min=100, help="With --stored: look at so many, a fair sample.")
]
Size = Annotated[int, typer.Option("--sample", help="How many members to name.", min=0, max=1000)]


def segment_preview(
    file: SegmentFile,
    data: Data = None,
    columns: Columns = None,
    stored: Stored = False,
    at_most: AtMost = None,
    settings_file: SettingsFile = None,
    valuesets: ValueSetFiles = [],  # noqa: B006 - typer's way
    segments: SegmentFolders = [],  # noqa: B006 - typer's way
    as_of: AsOf = "",
    param: Params = [],  # noqa: B006 - typer's way
    zone: Zone = "UTC",
    size: Size = SAMPLE,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Preview a segment over a whole population; nobody is entered."""
    if [data is not None, columns is not None, stored].count(True) != 1:
        raise typer.BadParameter("give --data, --columns or --stored, one of them")
    errors = Console(stderr=True, soft_wrap=True)
    now = instant(as_of, zone)
    if stored:
        if valuesets or segments or param:
            raise typer.BadParameter(
                "--stored goes by what is published: no --valuesets, --segments, --param"
            )
        _tell(_of_stored(settings_file, file, now, at_most, errors), json=json)
        return
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
    _tell(_shown(found), json=json)


def _of_stored(
    settings_file: Path | None, file: Path, now: Instant, at_most: int | None, errors: Console
) -> dict[str, Any]:
    """Have the deployment count over its records."""

    async def calls(admin: Admin) -> dict[str, Any]:
        body = {"content": read_document(file), "as_of": iso(now), "at_most": at_most}
        started = await admin.call("POST", "/segments/preview", body)
        return {"sample": [], **await admin.follow(started.json(), errors)}

    return by_api(settings_file, calls)


def _of_data(data: Path, asked: Asked, lens: Lens, errors: Console) -> Preview:
    """Put files into columns in a temporary folder, and ask those."""
    with TemporaryDirectory(prefix="hearthline-preview-") as folder:
        build_from_files(data, Path(folder), ZoneInfo(str(asked.zone)), lens, None, errors)
        return _of_columns(Path(folder), asked)


def _of_columns(folder: Path, asked: Asked) -> Preview:
    with closing(open_columns(folder)) as opened:
        return preview(opened, asked)


def _shown(found: Preview) -> dict[str, Any]:
    """Write instants as people do."""
    return {**msgspec.to_builtins(found), "as_of": iso(found.as_of), "snapshot": iso(found.snapshot)}


def _tell(found: Mapping[str, Any], *, json: bool) -> None:
    if json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    console = Console(highlight=False)
    members, population = found["members"], found["population"]
    share = f" ({members / population:.1%})" if members is not None and population else ""
    of = "" if found.get("everybody", True) else f" of the {found['looked_at']} looked at"
    console.print(
        f"{_count(members)} of {population} patients{of}{share} in {found['segment']}", markup=False
    )
    of_records = f", by records of {found['snapshot']}" if "snapshot" in found else ""
    console.print(f"as of {found['as_of']}{of_records}", style="dim")
    table = Table("by", "", "members")
    for name in BREAKDOWNS:
        for word, count in found[name].items():
            table.add_row(name, Text(word), _count(count))
    console.print(table)
    if found.get("unsure"):
        console.print(f"of {found['unsure']} it is not known yet: what it asks was not looked for in them")
    for one in found["sample"]:
        console.print(Text(f"Patient/{one['patient']}"))


def _count(count: int | None) -> str:
    """Say a count; one of few people is not told to everybody."""
    return "few" if count is None else str(count)

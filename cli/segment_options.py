"""Options that the commands on segments share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared.fhir.instants import Instant, from_datetime, parse_range


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter(f"{name} is no time zone such as America/New_York") from None
    return name


SegmentFile = Annotated[Path, typer.Argument(help="The segment, YAML or JSON.", exists=True, dir_okay=False)]
ValueSetFiles = Annotated[
    list[Path], typer.Option("--valuesets", help="A file or folder of FHIR ValueSets.", exists=True)
]
SegmentFolders = Annotated[
    list[Path],
    typer.Option(
        "--segments", help="A folder of segments to refer to; may be repeated.", exists=True, file_okay=False
    ),
]
Zone = Annotated[str, typer.Option(help="Time zone of definitions and data that name none.", callback=_zone)]
AsOf = Annotated[str, typer.Option("--as-of", help="The instant; a date is its beginning. Now without it.")]
Data = Annotated[
    Path, typer.Option("--data", help="NDJSON or JSON, .gz or not, of resources or Bundles.", exists=True)
]
Params = Annotated[list[str], typer.Option("--param", help="A parameter, name=value; may be repeated.")]


def spinner(console: Console) -> Progress:
    """Show that something of unknown length is going on."""
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console)


def instant(text: str, zone: str) -> Instant:
    """Read --as-of."""
    if not text:
        return from_datetime(datetime.now(UTC))
    try:
        return parse_range(text, ZoneInfo(zone))[0]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no instant such as 2026-03-01T00:00:00Z") from None


def parameters(given: list[str]) -> dict[str, object]:
    """Read --param."""
    found: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{text!r} is not name=value")
        found[name] = value
    return found

"""Options that the dry runs of journeys share, and what is made of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from msgspec import Struct

from cli.chosen import SettingsFile
from cli.segment_options import Zone, instant
from cli.yaml_files import read_document
from shared.errors import Invalid, Problem
from shared.fhir.calendar import Duration, add, parse_duration
from shared.fhir.instants import Instant
from shared.usecases.simulation.arrivals import MODES, Mode
from shared.usecases.simulation.assumptions import Assumptions, read_assumptions

__all__ = ["Asked", "SettingsFile", "Zone", "asked", "supposed", "workers_of"]

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", help="NDJSON or JSON of resources or Bundles; without it the patient store.", exists=True
    ),
]
From = Annotated[
    str, typer.Option("--from", help="The instant it begins; a date is its beginning. Now without it.")
]
For = Annotated[str, typer.Option("--for", help="How long it plays.")]
Assume = Annotated[
    list[str], typer.Option("--assume", help="Something supposed, name=value; may be repeated.")
]
Price = Annotated[list[str], typer.Option("--price", help="Of a part of a message, channel=amount.")]
AssumptionsFile = Annotated[
    Path | None,
    typer.Option(
        "--assumptions", help="YAML or JSON: assume, price, seed, currency.", exists=True, dir_okay=False
    ),
]
Seed = Annotated[str, typer.Option("--seed", help="The same seed gives the same chance.")]
Currency = Annotated[str, typer.Option("--currency", help="Of the prices.")]
Region = Annotated[
    str, typer.Option("--region", help="Country of phone numbers that name none, with --data.")
]
Arrivals = Annotated[
    str,
    typer.Option(
        "--arrivals",
        help="none: all of the data is known from the start. recorded: resources arrive when they were last "
        "updated. dated: on their own date.",
    ),
]
Enrol = Annotated[
    str,
    typer.Option(
        "--enrol", help="Put these in at the start, whatever the trigger: a segment's url, or everybody."
    ),
]
Workers = Annotated[int, typer.Option("--workers", min=0, help="Processes; as many as cores if 0.")]


class Asked(Struct, frozen=True):
    """What the options of a dry run say, apart from what it shows."""

    folders: tuple[Path, ...]
    data: Path | None
    settings_file: Path | None
    zone: str
    region: str
    arrivals: Mode
    start: str
    length: Duration
    assumptions: Assumptions
    enrol: str = ""

    def span(self, zone: str) -> tuple[Instant, Instant]:
        """Return when it begins and ends; a date is a day of this zone. Raises typer.BadParameter."""
        start = instant(self.start, zone)
        try:
            return start, add(start, self.length, ZoneInfo(zone))
        except ValueError as wrong:
            raise typer.BadParameter(f"--for leads to {wrong}") from None


def asked(
    folders: list[Path],
    data: Path | None,
    settings_file: Path | None,
    zone: str,
    region: str,
    arrivals: str,
    start: str,
    length: str,
    assumed: Assumptions,
    enrol: str,
) -> Asked:
    """Check the options. Raises typer.BadParameter."""
    if data is not None and settings_file is not None:
        raise typer.BadParameter("give --data or --settings, not both")
    return Asked(
        tuple(folders),
        data,
        settings_file,
        zone,
        region,
        _mode(arrivals),
        start,
        _length(length),
        assumed,
        enrol,
    )


def supposed(file: Path | None, assume: list[str], price: list[str], seed: str, currency: str) -> Assumptions:
    """Read what is supposed: options beat the file. Raises typer.BadParameter, Invalid, OSError."""
    given = read_document(file) if file is not None else {}
    try:
        _check_names(given)
        return read_assumptions(
            (*_pairs(given, "assume"), *map(_pair, assume)),
            (*_pairs(given, "price"), *map(_pair, price)),
            seed or str(given.get("seed", "1")),
            currency or str(given.get("currency", "USD")),
        )
    except ValueError as wrong:
        if file is None:
            raise typer.BadParameter(str(wrong)) from None
        raise Invalid((Problem(str(file), str(wrong), "what docs/simulation.md says"),)) from None


def _check_names(given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in _NAMES:
            raise ValueError(f"there is no {name} in such a file; there are {', '.join(_NAMES)}")


_NAMES = ("assume", "price", "seed", "currency")


def _pairs(given: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    found = given.get(name, {})
    if not isinstance(found, Mapping):
        raise ValueError(f"{name} is a mapping of names to values")
    return [(str(key), str(value)) for key, value in found.items()]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not equals or not name:
        raise ValueError(f"{text!r} is not name=value")
    return name.strip(), value.strip()


def _mode(text: str) -> Mode:
    found = next((each for each in MODES if each == text), None)
    if found is None:
        raise typer.BadParameter(f"--arrivals is one of {', '.join(MODES)}")
    return found


def _length(text: str) -> Duration:
    try:
        length = parse_duration(text)
    except ValueError as wrong:
        raise typer.BadParameter(f"--for: {text!r} is {wrong}") from None
    if length.sign <= 0:
        raise typer.BadParameter("--for is longer than nothing")
    return length


def workers_of(asked_for: int) -> int:
    """Return how many processes to use."""
    return asked_for or os.cpu_count() or 1

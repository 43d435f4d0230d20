"""`hearthline journey check`: tell an author all that is wrong with journeys, before publishing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import Struct
from rich.console import Console

from cli.definitions import files_of
from cli.journey_files import Folders, Library, read_journey
from cli.segment_options import AsOf, Zone, instant
from shared.catalogue import build_catalogue
from shared.document import Document
from shared.errors import Invalid, Problem
from shared.fhir.canonical import canonical
from shared.fhir.instants import Instant
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.doubts import doubts
from shared.message.policy import Policy
from shared.message.template import parse_template
from shared.naming import unresolved

Places = Annotated[
    list[Path], typer.Argument(help="Journeys, YAML or JSON, or folders of them.", exists=True)
]


class Checked(Struct, frozen=True):
    """What there is to say of one file."""

    file: str
    journey: str = ""
    """Canonical "url|version", once the file can be read as far."""
    steps: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def check(
    places: Places,
    definitions: Folders = [],  # noqa: B006 - typer's way
    as_of: AsOf = "",
    zone: Zone = "UTC",
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check journeys with all that they refer to; exit status 1 if any has a mistake."""
    now = instant(as_of, zone)
    try:
        files = files_of(places, "journey")
    except OSError as problem:
        Console(stderr=True, soft_wrap=True).print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    library = Library(definitions)
    found = _twice([_checked(file, library, now, zone) for file in files])
    unreadable = library.unreadable()
    sound = not any(each.problems for each in found)
    if json:
        told = {"sound": sound, "files": found, "elsewhere": unreadable}
        typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        _print(found, unreadable)
    if not sound:
        raise typer.Exit(1)


def _checked(file: Path, library: Library, now: Instant, zone: str) -> Checked:
    name, body = "", dict[str, Any]()
    try:
        body = read_journey(file)
        name = canonical(str(body.get("url", "")), str(body.get("version", "")))
        documents = library.needed(file, body)
        build_catalogue(documents, "0", Policy(zone=zone))
    except Invalid as invalid:
        return Checked(str(file), name, problems=_suggested(invalid.problems, file, body, library))
    except OSError as error:
        return Checked(
            str(file), problems=(Problem(str(file), f"cannot be read: {error.strerror}", "a file"),)
        )
    return _sound(file, parse_journey(body, str(file)), documents, now)


def _suggested(
    problems: tuple[Problem, ...], file: Path, body: dict[str, Any], library: Library
) -> tuple[Problem, ...]:
    """Say of what is not there what else there is: checked was only what the journey leans on."""
    try:
        journey = parse_journey(body, str(file))
    except Invalid:
        return problems
    better = {
        (each.where, each.what): each for each in unresolved([(str(file), journey)], library.names(file))
    }
    return tuple(better.get((each.where, each.what), each) for each in problems)


def _sound(file: Path, journey: JourneyDefinition, documents: Sequence[Document], now: Instant) -> Checked:
    written: dict[str, tuple[str, ...]] = {}
    for document in documents:
        if document.kind == "template":
            template = parse_template(document.body, document.where)
            channels = tuple(dict.fromkeys(channel for channel, _, _ in template.channels.parts()))
            written |= {template.url: channels, canonical(template.url, template.version): channels}
    found = doubts(journey, str(file), now, written)
    return Checked(str(file), journey.canonical, len(journey.steps), warnings=found)


def _twice(checked: Sequence[Checked]) -> list[Checked]:
    """Add that a file says of another journey what one before it says: only one of them can be published."""
    first: dict[str, str] = {}
    found = []
    for each in checked:
        other = first.setdefault(each.journey, each.file) if each.journey else each.file
        if other != each.file:
            twice = Problem(each.file, f"{each.journey} is also in {other}", "another url or version")
            each = msgspec.structs.replace(each, problems=(*each.problems, twice))
        found.append(each)
    return found


def _print(checked: Sequence[Checked], unreadable: Sequence[Problem]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for each in checked:
        for problem in each.problems:
            console.print(str(problem), style="red", markup=False)
        for warning in each.warnings:
            console.print(f"{warning} - a warning", style="yellow", markup=False)
        if not each.problems:
            steps = f"{each.steps} step{'' if each.steps == 1 else 's'}"
            console.print(f"{each.file}: {each.journey} is sound; {steps}.", markup=False)
    for problem in unreadable:
        console.print(f"{problem} - left out", style="yellow", markup=False)

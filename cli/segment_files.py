"""Finding what a segment file needs to be compiled: the segments and value sets that it refers to.

Segments are looked for in the folders given, in the folder of the file, and among those that ship; value
sets in the files given, in ../valuesets beside that folder, and among those that ship.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from cli import yaml_files
from cli.definitions import SHIPPED
from cli.ndjson_files import read_units
from shared.errors import Invalid
from shared.fhir.canonical import canonical
from shared.segment.compile import compile_segments, references
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.static_list import NO_LISTS, StaticList, StaticLists, parse_csv, parse_list
from shared.segment.valuesets import ValueSets

_ENDINGS = (".yaml", ".yml", ".json")


class Surroundings(Struct, frozen=True):
    """What a segment may refer to, and in which zone it is read."""

    valuesets: ValueSets
    zone: ZoneInfo
    segments: Mapping[str, tuple[SegmentDefinition, str]]
    """Other segments by url, with their files."""
    lists: StaticLists = NO_LISTS


def surroundings(
    files: Iterable[Path],
    valuesets: Iterable[Path],
    zone: str,
    report: Callable[[str], object],
    segments: Iterable[Path] = (),
) -> Surroundings:
    """Read what may be referred to; `segments` are further folders. Raises Invalid, FileNotFoundError."""
    folders = list(dict.fromkeys(file.resolve().parent for file in files))
    places = [
        *valuesets,
        *(folder.parent / "valuesets" for folder in folders),
        SHIPPED / "valuesets",
    ]
    found = [resource for place in places for resource in _value_sets(place, report, place in [*valuesets])]
    others: dict[str, tuple[SegmentDefinition, str]] = {}
    for folder in (*segments, *folders, SHIPPED / "segments"):
        for file in sorted(folder.glob("*")) if folder.is_dir() else ():
            for definition in _other(file):
                others.setdefault(definition.url, (definition, str(file)))
    lists = [found for folder in folders for found in _lists(folder.parent / "lists")]
    return Surroundings(ValueSets.of(_first(found)), ZoneInfo(zone), others, StaticLists(lists))


def _lists(folder: Path) -> Iterator[StaticList]:
    for file in sorted(folder.glob("*.csv")):
        yield parse_list(parse_csv(file.read_text("utf-8-sig"), str(file)), str(file))


def _value_sets(place: Path, report: Callable[[str], object], needed: bool) -> Iterator[dict[str, object]]:
    if not needed and not any(place.glob("*.*json")):
        return
    for unit in read_units(place, report, named=False):
        yield from (resource for resource in unit if resource.get("resourceType") == "ValueSet")


def _first(resources: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Let the value sets that come first stand for those of the same name after them."""
    named: dict[str, dict[str, object]] = {}
    for resource in resources:
        named.setdefault(canonical(str(resource.get("url")), str(resource.get("version", ""))), resource)
    return list(named.values())


def _other(file: Path) -> Iterator[SegmentDefinition]:
    """Read a file that may be referred to; one that is no sound segment is not our concern here."""
    if file.suffix in _ENDINGS and file.is_file():
        try:
            yield parse_segment(read_document(file), str(file))
        except Invalid:
            return


def read_document(file: Path) -> dict[str, object]:
    """Read a segment's YAML or JSON. Raises Invalid for what is neither, or no mapping; OSError."""
    return yaml_files.read_document(file, "a segment", "a mapping with url, version and criteria")


def compile_file(
    file: Path, around: Surroundings, given: Mapping[str, object] = {}
) -> tuple[CompiledSegment, SegmentDefinition]:
    """Compile a file with the segments that it refers to. Raises Invalid with every Problem; OSError.

    A parameter that is `given` reaches those that it refers to too, where they declare the same name.
    """
    definition = parse_segment(read_document(file), str(file), given)
    needed = referred(definition, around, given)
    files = {other.canonical: where for other, where in around.segments.values()}
    files[definition.canonical] = str(file)
    compiled = compile_segments([*needed, definition], around.valuesets, around.zone, files, around.lists)
    return next(made for made in compiled if made.url == definition.url), definition


def referred(
    definition: SegmentDefinition, around: Surroundings, given: Mapping[str, object]
) -> list[SegmentDefinition]:
    """Return the segments that a definition refers to, and those that they do. Raises Invalid."""
    known = {url: found for url, found in around.segments.items() if url != definition.url}
    found: dict[str, SegmentDefinition] = {}
    waiting = [definition]
    while waiting:
        for url in references(waiting.pop().criteria):
            if url in known and url not in found:
                found[url] = _with(given, *known[url])
                waiting.append(found[url])
    return list(found.values())


def _with(given: Mapping[str, object], definition: SegmentDefinition, file: str) -> SegmentDefinition:
    """Read a definition again with the values of the parameters that it declares."""
    declared = {name: value for name, value in given.items() if name in definition.parameters}
    return parse_segment(read_document(Path(file)), file, declared) if declared else definition

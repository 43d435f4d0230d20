"""Reading any population that lies in a folder: NDJSON (also gzipped, as Bulk Data exports it) and Bundles.

Order: files by the type of their first resource, entries of a Bundle by theirs, so that what is referred to
comes first (patients before their encounters, encounters before what happened in them). References by
fullUrl within a Bundle (urn:uuid:…, as Synthea writes them) become Type/id.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson

from sandbox.population.order import rank
from shared.errors import Rejected
from shared.fhir.ndjson import unwrap
from shared.fhir.references import resource_key

type Resource = dict[str, object]
type Report = Callable[[str], object]
"""Hears "file:line: what is wrong" for everything that is left out; holds nothing of its content."""

_LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_DOCUMENTS = (".json", ".json.gz")


def read_ndjson(
    folder: Path, report: Report = lambda problem: None, types: frozenset[str] | None = None
) -> Iterator[Resource]:
    """Walk the resources in a folder (or of one file), only those of `types` where given.

    What cannot be read is reported and left out. Raises FileNotFoundError when there is no file to read.
    """
    files = [path for path in _candidates(folder) if path.name.endswith(_LINES + _DOCUMENTS)]
    if not files:
        raise FileNotFoundError(f"no .ndjson, .ndjson.gz, .jsonl or .json file in {folder}")
    for path in sorted(files, key=lambda path: (_first_rank(path), path.name)):
        for resource in _resources(path, report):
            if types is None or resource["resourceType"] in types:
                yield resource


def _candidates(folder: Path) -> list[Path]:
    return [folder] if folder.is_file() else [path for path in folder.rglob("*") if path.is_file()]


def _resources(path: Path, report: Report) -> Iterator[Resource]:
    for place, content in _contents(path, report):
        problem, found = _understood(content)
        if problem:
            report(f"{place}: {problem}")
            continue
        for resource in found:
            if _is_resource(resource):
                yield resource
            else:
                report(f"{place}: a resource without a type or an id")


def _contents(path: Path, report: Report) -> Iterator[tuple[str, bytes]]:
    """Give each line of a file, or all of a document, with its place."""
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            if path.name.endswith(_DOCUMENTS):
                yield f"{path.name}:1", file.read()
                return
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path.name}:{number}", line
    except (OSError, EOFError, zlib.error) as error:
        report(f"{path.name}:{number + 1}: cannot be read any further ({type(error).__name__})")


def _understood(content: bytes) -> tuple[str, list[Resource]]:
    """Return what is wrong with a line, or the resources in it."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return "not JSON", []
    if not isinstance(value, dict):
        return "not a resource", []
    return "", sorted(unwrap(value), key=rank)


def _is_resource(resource: Resource) -> bool:
    try:
        resource_key(resource.get("resourceType"), resource.get("id"))
    except Rejected:
        return False
    return True


def _first_rank(path: Path) -> int:
    """Look at the first resource of a file that can be read."""
    for resource in _resources(path, lambda problem: None):
        return rank(resource)
    return rank({})

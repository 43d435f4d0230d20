"""Reading a population from files, for commands that take a folder of data: NDJSON and JSON, gzipped or not.

What the lines hold is for shared.fhir.ndjson; here is where they lie, and what to do with rubbish among them.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from shared.errors import Rejected
from shared.fhir.ndjson import Resource, check, parse_json

type Report = Callable[[str], object]
"""Hears "file:line: what is wrong" for everything that is left out; holds nothing of its content."""

type Unit = list[Resource]

LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
DOCUMENTS = (".json", ".json.gz")

_GZIP = b"\x1f\x8b"


def read_resources(path: Path, report: Report = lambda problem: None) -> Iterator[Resource]:
    """Walk the resources of a file, or of a folder and those below it, one by one; Bundles are taken apart.

    What cannot be read is reported and left out. Raises FileNotFoundError when there is no file to read.
    """
    for file in data_files(path):
        yield from read_file(file, report)


def data_files(path: Path) -> list[Path]:
    """Return the files of a folder that may hold resources, by name. Raises FileNotFoundError for none."""
    if path.is_file():
        return [path]
    files = sorted(
        each for each in path.rglob("*") if each.name.endswith(LINES + DOCUMENTS) and each.is_file()
    )
    if not files:
        raise FileNotFoundError(f"no .ndjson, .ndjson.gz, .jsonl or .json file in {path}")
    return files


def read_units(path: Path, report: Report = lambda problem: None, *, named: bool = True) -> Iterator[Unit]:
    """Walk what stands together: each resource alone, or the resources of each Bundle. As read_resources.

    Without `named`, resources need no id: definitions have a url.
    """
    for file in data_files(path):
        yield from _units(file, report, lambda at: None, named)


def read_file(
    path: Path, report: Report, position: Callable[[int], object] = lambda at: None
) -> Iterator[Resource]:
    """Walk the resources of one file; `position` hears how many of its bytes have been read."""
    for unit in _units(path, report, position):
        yield from unit


def _units(
    path: Path, report: Report, position: Callable[[int], object], named: bool = True
) -> Iterator[Unit]:
    for number, content in _contents(path, report, position):
        try:
            found = parse_json(content)
        except Rejected as rejected:
            report(f"{path}:{number}: {rejected.reason}")
            continue
        unit = list[Resource]()
        for resource in found:
            try:
                if named:
                    check(resource)
            except Rejected as rejected:
                report(f"{path}:{number}: {rejected.reason}")
            else:
                unit.append(resource)
        yield unit


def _contents(path: Path, report: Report, position: Callable[[int], object]) -> Iterator[tuple[int, bytes]]:
    """Give each line of a file, or all of a document, with the number of its first line."""
    number = 0
    try:
        with path.open("rb") as raw:
            file = _unzipped(raw)
            if path.name.endswith(DOCUMENTS):
                yield from _document(file.read())
            else:
                for number, line in enumerate(file, 1):
                    if line.strip():
                        yield number, line
                        position(raw.tell())
            position(raw.tell())
    except (OSError, EOFError, zlib.error) as error:
        report(f"{path}:{number + 1}: cannot be read any further ({type(error).__name__})")


def _unzipped(raw: BinaryIO) -> BinaryIO:
    """Look whether a file is gzipped by its first bytes: a name can be wrong."""
    zipped = raw.read(2) == _GZIP
    raw.seek(0)
    return gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[return-value] # it reads as one


def _document(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Give a document whole; one that is no JSON may be lines of it by another name."""
    lines = text.splitlines()
    if len(lines) > 1 and all(
        line.startswith(b"{") and line.endswith(b"}") for line in lines if line.strip()
    ):
        yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    else:
        yield 1, text

"""Read definitions from a folder, as `hearthline publish` and `hearthline run` do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cli.yaml_files import read_document
from shared.catalogue import KINDS, Document
from shared.errors import Invalid, Problem
from shared.segment.static_list import parse_csv

SHIPPED = Path(__file__).resolve().parent.parent / "definitions"

ENDINGS = {".yaml", ".yml", ".json"}


def read_definitions(folder: Path = SHIPPED) -> tuple[Document, ...]:
    """Read segments/, journeys/, templates/ and valuesets/ of a folder. Raises Invalid with every problem."""
    documents, problems = sound_definitions(folder)
    if problems:
        raise Invalid(problems)
    return documents


def files_of(places: Iterable[Path], kind: str) -> list[Path]:
    """Return the files meant: of a folder those of a kind ("journey": its journeys/), or all that are in it.

    Each once, in the order given. Raises FileNotFoundError.
    """
    found: dict[Path, None] = {}
    for place in places:
        files = [place] if place.is_file() else _of_folder(place, f"{kind}s")
        if not files:
            raise FileNotFoundError(f"{place}: there is no {kind} in it")
        found |= dict.fromkeys(files)
    return list(found)


def _of_folder(folder: Path, name: str) -> list[Path]:
    inner = folder / name
    place = inner if inner.is_dir() else folder
    return sorted(file for file in place.iterdir() if file.suffix in ENDINGS and file.is_file())


def sound_definitions(folder: Path) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """Read what can be read of a folder, and say what cannot."""
    problems: list[Problem] = []
    documents = tuple(_documents(folder, problems))
    return documents, tuple(problems)


def _documents(folder: Path, problems: list[Problem]) -> Iterator[Document]:
    for name, kind in KINDS.items():
        for path in sorted((folder / name).glob("*")):
            where = str(path.relative_to(folder))
            if kind == "list" and path.suffix == ".csv":
                yield from _listed(path, where, problems)
                continue
            if path.suffix not in ENDINGS:
                continue
            try:
                yield Document(kind, where, read_document(path, where=where))
            except Invalid as invalid:
                problems += invalid.problems


def _listed(path: Path, where: str, problems: list[Problem]) -> Iterator[Document]:
    """Read a CSV of people; its url and version stand in comments at its head."""
    try:
        yield Document("list", where, parse_csv(path.read_text("utf-8-sig"), where))
    except UnicodeDecodeError:
        problems.append(Problem(where, "cannot be read", "a CSV in UTF-8"))
    except Invalid as invalid:
        problems += invalid.problems

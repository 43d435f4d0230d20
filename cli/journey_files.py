"""Finding what a journey file refers to: segments, templates, journeys and value sets of folders.

Looked for in the folders given, in the folder that the file's own lies in, and among those that ship; of each
url as the first of them has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.definitions import SHIPPED, sound_definitions
from cli.yaml_files import read_document
from shared.document import Document
from shared.errors import Problem
from shared.naming import Names, names_of
from shared.usecases.simulation.needed import needed

JourneyFile = Annotated[Path, typer.Argument(help="The journey, YAML or JSON.", exists=True, dir_okay=False)]
Folders = Annotated[
    list[Path],
    typer.Option(
        "--definitions",
        help="A folder to refer to, before the file's own and what ships; may be repeated.",
        exists=True,
        file_okay=False,
    ),
]


def read_journey(file: Path) -> dict[str, Any]:
    """Read a journey file, unchecked. Raises Invalid for what is no mapping; OSError."""
    return read_document(file, "a journey", "a mapping with url, version, trigger and steps")


class Library:
    """Definitions to refer to; folders are read once, however many files are checked."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = folders
        self._read: dict[Path, tuple[tuple[Document, ...], tuple[Problem, ...]]] = {}

    def needed(self, file: Path, body: dict[str, Any], also: str = "") -> tuple[Document, ...]:
        """Return a journey and all that it leans on, as far as that is there; `also` is a url besides."""
        found: dict[str, list[Document]] = {}
        for folder in self._around(file):
            own: dict[str, list[Document]] = {}
            for document in self._of(folder)[0]:
                own.setdefault(str(document.body.get("url", "")), []).append(document)
            found = own | found
        others = (document for documents in found.values() for document in documents)
        return needed(Document("journey", str(file), body), others, also)

    def names(self, file: Path) -> Names:
        """Return all that a file may refer to."""
        return names_of(document for folder in self._around(file) for document in self._of(folder)[0])

    def unreadable(self) -> tuple[Problem, ...]:
        """Return what could not be read of the folders named."""
        return tuple(problem for folder in self._folders for problem in self._of(folder)[1])

    def _around(self, file: Path) -> tuple[Path, ...]:
        return (*self._folders, file.resolve().parent.parent, SHIPPED)

    def _of(self, folder: Path) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
        if folder not in self._read:
            self._read[folder] = sound_definitions(folder)
        return self._read[folder]

"""Questions asked of a population in columns: DuckDB over the Parquet files of one snapshot.

Implements shared.ports.Columns; the files are written by shared.adapters.columns_writer. Temporary
tables live for one question. No extension is ever fetched, and nothing but the snapshot's folder is read.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import msgspec

from shared.errors import Rejected, Unavailable
from shared.segment.columns import LAYOUT, Snapshot
from shared.segment.sql.query import Answers, Query, Step
from shared.segment.sql.text import literal

SNAPSHOT = "snapshot.json"
MEMORY = "768MB"
"""What DuckDB may take before it spills to disk."""
_BATCH = 50_000

_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def connect(folder: Path, memory: str = MEMORY, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory that spills into a folder."""
    found: dict[str, str | bool | int | float | list[str]] = {**_CONFIG, "memory_limit": memory}
    found["temp_directory"] = str(folder)
    if threads is not None:
        found["threads"] = str(threads)
    return duckdb.connect(":memory:", config=found)


class ParquetColumns:
    """The snapshot in a folder."""

    def __init__(self, folder: Path, memory: str = MEMORY, threads: int | None = None) -> None:
        """Open it. Raises Rejected where there is no whole snapshot."""
        self.snapshot = read_snapshot(folder)
        self._spill = Path(mkdtemp(prefix="hearthline-columns-"))
        self._base = connect(self._spill, memory, threads)
        self._base.execute("SET preserve_insertion_order = false; SET parquet_metadata_cache = true")
        for name in ("patients", "facts"):
            files = literal(str(folder / name / "*.parquet"))
            self._base.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({files})")

    def close(self) -> None:
        """Let go of the files."""
        self._base.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def ask(self, query: Query, questions: Iterable[str]) -> list[list[tuple[Any, ...]]]:
        """Find the members, and answer each question about the table `members`, of one column `patient`.

        Raises Unavailable where memory or disk do not suffice.
        """
        with self._cursor() as cursor:
            for step in query.steps:
                _make(cursor, step)
            cursor.execute(f"CREATE TEMP TABLE members AS {query.text}")
            return [cursor.execute(question).fetchall() for question in questions]

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection of its own, whose temporary tables end with it."""
        cursor = self._base.cursor()
        try:
            yield cursor
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise Unavailable(f"the columns cannot be asked now ({type(error).__name__})") from error
        finally:
            cursor.close()


def read_snapshot(folder: Path) -> Snapshot:
    """Read what a folder of columns says of itself. Raises Rejected where there is no whole snapshot."""
    try:
        found = msgspec.json.decode((folder / SNAPSHOT).read_bytes(), type=Snapshot)
    except (OSError, msgspec.MsgspecError) as error:
        raise Rejected(f"there are no columns of a population in {folder}", "no-columns") from error
    if found.layout != LAYOUT:
        raise Rejected(f"the columns in {folder} are of another version: build them again", "old-columns")
    return found


def _make(cursor: duckdb.DuckDBPyConnection, step: Step) -> None:
    if isinstance(step, Answers):
        _answer(cursor, step)
    else:
        cursor.execute(f"CREATE TEMP TABLE {step.name} AS {step.text}")


def _answer(cursor: duckdb.DuckDBPyConnection, step: Answers) -> None:
    """Ask the distinct rows, let Python answer them, and put both into a table."""
    types = [f"x{n} {kind}" for n, kind in enumerate(step.asked)]
    types += [f"y{n} {kind}" for n, kind in enumerate(step.answered)]
    cursor.execute(f"CREATE TEMP TABLE {step.name} ({', '.join(types)})")
    rows = [(*row, *step.function(*row)) for row in cursor.execute(step.question).fetchall()]
    given = ", ".join(f"unnest(${n}::{kind}[])" for n, kind in enumerate((*step.asked, *step.answered), 1))
    for first in range(0, len(rows), _BATCH):
        columns = [list(column) for column in zip(*rows[first : first + _BATCH], strict=True)]
        cursor.execute(f"INSERT INTO {step.name} SELECT {given}", columns)

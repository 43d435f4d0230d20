"""What the analytics log does in DuckDB, in threads: fold lines into Parquet, answer questions, write tables.

Files are brought into a folder of their own, each under its version, so that what was brought once is not
again. Questions are our own SQL with bound parameters; they end when they take too long.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from threading import Timer
from uuid import uuid4

import duckdb

from shared.adapters.columns_duckdb import connect
from shared.errors import Unavailable
from shared.ports.happened import COLUMNS, LogFile, Question, Table
from shared.segment.sql.text import literal

MEMORY = "512MB"
"""What DuckDB may take before it spills to disk."""
THREADS = 2
SECONDS = 30.0
"""Real time that a question may take."""
AT_ONCE = 2
"""Questions of one process at once; more wait."""
KEPT = 2 * 1024**3
"""Bytes of files kept here; those that nobody asked for longest go first."""

_DATED = "kind IN ('segment', 'step') OR (kind = 'message' AND message = '')"
_IDENTITY = (
    "md5_number(concat_ws(chr(31), kind, what, key, segment, enrolment, step, message, "
    f"CASE WHEN {_DATED} THEN instant ELSE 0 END))"
)
"""What makes a line one: told again it says the same, though perhaps of another instant."""
_ORDER = "kind, segment, journey, instant, n"


class Bench:
    """DuckDB over files that were brought here."""

    def __init__(self, folder: Path | None = None, seconds: float = SECONDS) -> None:
        self._folder = folder or Path(gettempdir()) / "hearthline-analytics"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._seconds = seconds
        self._gate = asyncio.Semaphore(AT_ONCE)

    def place(self, file: LogFile) -> Path:
        """Return where a version of a file belongs."""
        name = sha256(f"{file.name}\n{file.etag}\n{file.size}".encode()).hexdigest()[:32]
        return self._folder / f"{name}{Path(file.name).suffix}"

    async def ask(self, question: Question, folded: Sequence[Path], fresh: Sequence[Path]) -> Table:
        """Answer a question over these files. Raises Unavailable."""

        def work(base: duckdb.DuckDBPyConnection) -> Table:
            _lines(base, folded, fresh, question.without)
            asked = base.execute(question.sql, dict(question.params))
            return Table([str(column[0]) for column in asked.description], asked.fetchall())

        return await self._run(work, self._seconds, (*folded, *fresh))

    async def fold(
        self, folded: Sequence[Path], fresh: Sequence[Path], without: Collection[str]
    ) -> tuple[Path, int, bool]:
        """Write all these lines sorted into a file; it, how many there are, whether that is something new."""
        target = self._folder / f"{uuid4().hex}.folding"

        def work(base: duckdb.DuckDBPyConnection) -> tuple[Path, int, bool]:
            before = _count(base, f"SELECT * FROM {_parquet(folded)}") if folded else 0
            _lines(base, folded, fresh, without)
            how = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000"
            base.execute(f"COPY (SELECT * FROM lines ORDER BY {_ORDER}) TO {literal(str(target))} ({how})")
            after = _count(base, f"SELECT * FROM {_parquet([target])}")
            return target, after, bool(fresh) or after != before

        return await self._run(work, 20 * self._seconds, (*folded, *fresh))

    def parquet(self, table: Table, kinds: Mapping[str, str], notes: Mapping[str, str]) -> bytes:
        """See HappenedLog.parquet."""
        target = self._folder / f"{uuid4().hex}.answer"
        columns = ", ".join(f'"{name}" {kinds[name]}' for name in table.columns)
        said = ", ".join(f"{name}: {literal(value)}" for name, value in notes.items())
        how = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{said}}}"
        try:
            with self._connection() as base:
                base.execute(f"CREATE TEMP TABLE answer ({columns})")
                if table.rows:
                    places = ", ".join("?" * len(table.columns))
                    base.executemany(f"INSERT INTO answer VALUES ({places})", [list(r) for r in table.rows])
                base.execute(f"COPY answer TO {literal(str(target))} ({how})")
            return target.read_bytes()
        finally:
            target.unlink(missing_ok=True)

    async def _run[T](
        self, work: Callable[[duckdb.DuckDBPyConnection], T], seconds: float, needed: Sequence[Path]
    ) -> T:
        async with self._gate:
            await asyncio.to_thread(self._clear, frozenset(needed))
            return await asyncio.to_thread(self._timed, work, seconds)

    def _timed[T](self, work: Callable[[duckdb.DuckDBPyConnection], T], seconds: float) -> T:
        with self._connection() as base:
            timer = Timer(seconds, base.interrupt)
            timer.start()
            try:
                return work(base)
            except duckdb.InterruptException:
                raise Unavailable("the question takes too long: ask for fewer days", 60.0) from None
            except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
                raise Unavailable(f"the lines cannot be asked now ({type(error).__name__})") from None
            finally:
                timer.cancel()

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        spill = Path(mkdtemp(prefix="hearthline-analytics-"))
        base = connect(spill, MEMORY, THREADS)
        try:
            base.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
            yield base
        finally:
            base.close()
            shutil.rmtree(spill, ignore_errors=True)

    def _clear(self, needed: Collection[Path]) -> None:
        """Let files go that nobody asked for longest, where there are too many; none that is needed now."""
        brought = (place for place in self._folder.iterdir() if place.suffix in (".parquet", ".jsonl"))
        held = [(place.stat(), place) for place in brought if place not in needed]
        over = sum(stat.st_size for stat, _ in held) - KEPT
        for stat, place in sorted(held, key=lambda each: each[0].st_atime):
            if over <= 0:
                return
            place.unlink(missing_ok=True)
            over -= stat.st_size


def _lines(
    base: duckdb.DuckDBPyConnection, folded: Sequence[Path], fresh: Sequence[Path], without: Collection[str]
) -> None:
    """Make the table `lines`: what is folded, and what is not yet, each line once."""
    base.execute("CREATE TEMP TABLE gone AS SELECT unnest($1::VARCHAR[]) AS key", [list(without)])
    kept = "WHERE key NOT IN (SELECT key FROM gone)" if without else ""
    names = ", ".join(COLUMNS)
    base.execute(f"CREATE TEMP VIEW folded AS SELECT {names} FROM {_parquet(folded)} {kept}")
    base.execute(f"CREATE TEMP TABLE told AS SELECT *, {_IDENTITY} AS id FROM {_json(fresh)} {kept}")
    there = f"SELECT DISTINCT {_IDENTITY} AS id FROM folded WHERE key IN (SELECT key FROM told)"
    base.execute(f"CREATE TEMP TABLE there AS {there}")
    base.execute("CREATE TEMP TABLE twice AS SELECT id FROM told GROUP BY id HAVING count(*) > 1")
    first = "QUALIFY row_number() OVER (PARTITION BY id ORDER BY instant) = 1"
    again = f"SELECT {names} FROM told WHERE id IN (FROM twice) AND id NOT IN (FROM there) {first}"
    base.execute(f"CREATE TEMP TABLE again AS {again}")  # few, or none: to sort all would cost most
    once = f"SELECT {names} FROM told WHERE id NOT IN (FROM twice) AND id NOT IN (FROM there)"
    base.execute(
        f"CREATE TEMP VIEW lines AS SELECT * FROM folded UNION ALL {once} UNION ALL SELECT * FROM again"
    )


def _parquet(places: Sequence[Path]) -> str:
    if not places:
        return f"(SELECT {_typed()} WHERE false)"
    return f"read_parquet([{_listed(places)}], union_by_name = true)"


def _json(places: Sequence[Path]) -> str:
    """Read lines; what one does not say is empty, as its type has it."""
    if not places:
        return f"(SELECT {_typed()} WHERE false)"
    columns = ", ".join(f"{name}: {literal(kind)}" for name, kind in COLUMNS.items())
    read = f"read_json([{_listed(places)}], format = 'newline_delimited', columns = {{{columns}}})"
    filled = ", ".join(f"coalesce({name}, {_EMPTY[kind]}) AS {name}" for name, kind in COLUMNS.items())
    return f"(SELECT {filled} FROM {read})"


_EMPTY = {"BIGINT": "0", "INTEGER": "0", "BOOLEAN": "false", "VARCHAR": "''"}


def _typed() -> str:
    return ", ".join(f"{_EMPTY[kind]}::{kind} AS {name}" for name, kind in COLUMNS.items())


def _listed(places: Sequence[Path]) -> str:
    return ", ".join(literal(str(place)) for place in places)


def _count(base: duckdb.DuckDBPyConnection, rows: str) -> int:
    found = base.execute(f"SELECT count(*) FROM ({rows})").fetchone()
    return int(found[0]) if found is not None else 0

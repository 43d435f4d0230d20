"""The analytics log: what happened, by opaque ids; told as it is committed, kept by day, asked in SQL.

A projection that can be rebuilt (shared.usecases.analytics.rebuild); docs/analytics.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from shared.fhir.instants import Instant


class Line(Struct, frozen=True, omit_defaults=True):
    """One thing that happened. It exists once, however often it is told: see IDENTITY."""

    at: Instant = field(name="instant")  # "at" is a word of SQL
    kind: Literal["segment", "journey", "step", "way", "message"]
    what: str
    """segment: entered, left. journey: entered, completed, revoked. step: came. way: which, or which case.
    message: planned, sent, delivered, opened, clicked, complained, answered, opted-out, failed, unknown,
    not-sent."""
    key: str
    """Opaque key of the patient."""
    n: int = 0
    """Place among what happened at this very instant."""
    segment: str = ""
    """Canonical "url|version", as `journey` and `template` are."""
    enrolment: str = ""
    journey: str = ""
    step: str = ""
    """Of a way "@campaign" where it says which run of a campaign brought the enrolment about."""
    goal: bool = False
    message: str = ""
    template: str = ""
    channel: str = ""
    language: str = ""
    purpose: str = ""
    code: str = ""
    """What kind of failure, or of not being sent."""


COLUMNS: Mapping[str, str] = {
    "instant": "BIGINT",
    "kind": "VARCHAR",
    "what": "VARCHAR",
    "key": "VARCHAR",
    "n": "INTEGER",
    "segment": "VARCHAR",
    "enrolment": "VARCHAR",
    "journey": "VARCHAR",
    "step": "VARCHAR",
    "goal": "BOOLEAN",
    "message": "VARCHAR",
    "template": "VARCHAR",
    "channel": "VARCHAR",
    "language": "VARCHAR",
    "purpose": "VARCHAR",
    "code": "VARCHAR",
}
"""Of a line, each with its type in SQL; what a line does not say is "", 0 or false."""


class LogFile(Struct, frozen=True):
    """A file of the log as it was listed."""

    name: str
    etag: str
    size: int


class HappenedFiles(Protocol):
    """Where the log lies: files that grow line by line, and files that are written whole."""

    async def append(self, name: str, body: bytes) -> None:
        """Add to a file, and make it where it is missing. Raises Conflict where it is full, Unavailable."""
        ...

    def files(self, prefix: str) -> AsyncIterator[LogFile]:
        """Walk the files whose names begin so, in their order."""
        ...

    async def fetch(self, file: LogFile, target: Path, *, grown: bool = False) -> None:
        """Bring a file here, as long as it was when it was listed; `grown` that it may be longer now.

        Raises Conflict where it is gone, or was written since.
        """
        ...

    async def put(self, name: str, source: Path, etag: str) -> None:
        """Write a file over `etag`, as new where that is "". Raises Conflict, Unavailable."""
        ...

    async def delete(self, file: LogFile) -> bool:
        """Remove a file unless it was written to since it was listed; whether it was removed."""
        ...


class Question(Struct, frozen=True):
    """What is asked of the lines from the UTC day of `since` on: SQL over the table `lines`."""

    sql: str
    params: Mapping[str, Any]
    since: Instant
    without: Collection[str] = ()
    """Keys of people who were erased."""


class Table(Struct, frozen=True):
    """Rows under the names of their columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Folded(Struct, frozen=True):
    """What came of folding a day."""

    day: str
    lines: int
    """In the file of the day."""
    files: int
    """Of the log, that went into it."""


class HappenedLog(Protocol):
    """The log of what happened, and the questions it answers."""

    def tell(self, lines: Iterable[Line]) -> None:
        """Take in lines; they are kept with the next flush."""
        ...

    async def flush(self) -> None:
        """Write what was told. Never raises: what cannot be written now is tried again with the next."""
        ...

    async def ask(self, question: Question) -> Table:
        """Answer a question. Raises Unavailable where it takes too long, or too much memory."""
        ...

    async def days(self) -> Mapping[str, int]:
        """Return the days ("2026-11-22", UTC) that there are lines of, each with bytes not yet folded."""
        ...

    async def fold(self, day: str, without: Collection[str] = ()) -> Folded:
        """Make one sorted file of what there is of a day, leaving out people by key. Raises Conflict."""
        ...

    async def drop(self, day: str) -> None:
        """Remove all that there is of a day."""
        ...

    def parquet(self, table: Table, kinds: Mapping[str, str], notes: Mapping[str, str]) -> bytes:
        """Write a table as a Parquet file: columns of these SQL types, with notes for its reader."""
        ...

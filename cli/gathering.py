"""Where `hearthline take-in` keeps a population until all of it has been read: SQLite in a temporary folder.

Implements shared.usecases.bulk.Gathering. Projections are kept, not resources: a few hundred bytes each, on
disk, so that memory stays small however many there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import msgspec

from shared.fhir.fact import Fact, Person
from shared.fhir.project import SHARED_TYPES, Projection
from shared.patient.apply import supersedes
from shared.usecases.bulk import Gathered

_SCHEMA = """
    CREATE TABLE own (patient TEXT, person INTEGER, body BLOB);
    CREATE TABLE shared (reference TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;
    CREATE TABLE wanted (patient TEXT, reference TEXT, PRIMARY KEY (patient, reference)) WITHOUT ROWID;
"""

_encode = msgspec.msgpack.Encoder().encode
_decode_fact = msgspec.msgpack.Decoder(Fact).decode
_decode_person = msgspec.msgpack.Decoder(Person).decode


class SqliteGathering:
    """A Gathering in one file of a folder, which the caller removes."""

    def __init__(self, folder: Path) -> None:
        self._base = sqlite3.connect(folder / "gathering.db", isolation_level=None)
        self._base.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        self._base.execute("BEGIN")

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def add(self, projection: Projection) -> None:
        """See Gathering.add."""
        content = projection.content
        if content.reference.partition("/")[0] in SHARED_TYPES:
            self._share(content)
        body, person = _encode(content), isinstance(content, Person)
        for patient in projection.patients:
            self._base.execute("INSERT INTO own VALUES (?, ?, ?)", (patient, person, body))
            for reference in projection.references:
                self._base.execute("INSERT OR IGNORE INTO wanted VALUES (?, ?)", (patient, reference))

    def _share(self, content: Fact | Person) -> None:
        """Keep the latest version of a shared resource."""
        held = self._shared(content.reference)
        if held is None or supersedes(content, held):
            row = (content.reference, _encode(content))
            self._base.execute("INSERT OR REPLACE INTO shared VALUES (?, ?)", row)

    def _shared(self, reference: str) -> Fact | None:
        asked = "SELECT body FROM shared WHERE reference = ?"
        found = self._base.execute(asked, (reference,)).fetchone()
        return None if found is None else _decode_fact(found[0])

    def count(self) -> int:
        """See Gathering.count."""
        self._index()
        return int(self._base.execute("SELECT count(DISTINCT patient) FROM own").fetchone()[0])

    def patients(self) -> Iterator[Gathered]:
        """See Gathering.patients."""
        self._index()
        rows = self._base.execute("SELECT patient, person, body FROM own ORDER BY patient, rowid")
        for patient, group in groupby(rows, itemgetter(0)):
            own = [_decode_person(body) if person else _decode_fact(body) for _, person, body in group]
            shared = {reference: self._shared(reference) for reference in self._wanted(patient)}
            found = (fact for fact in shared.values() if fact is not None)
            missing = tuple(reference for reference, fact in shared.items() if fact is None)
            yield Gathered(patient, (*found, *own), missing)

    def _wanted(self, patient: str) -> list[str]:
        asked = "SELECT reference FROM wanted WHERE patient = ? ORDER BY reference"
        return [reference for (reference,) in self._base.execute(asked, (patient,))]

    def _index(self) -> None:
        self._base.execute("CREATE INDEX IF NOT EXISTS by_patient ON own (patient)")

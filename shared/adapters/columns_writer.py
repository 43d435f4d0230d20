"""Records written as columns: a shard is gathered as NDJSON in a temporary file, then sorted into Parquet.

Neither Python nor DuckDB holds a shard in memory. The snapshot counts only once `snapshot.json` is there,
which is written last; a folder that was begun before is begun again.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO

import msgspec

from shared.adapters.columns_duckdb import SNAPSHOT, connect
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.columns import FACTS, PATIENTS, Row, Snapshot, fact_rows, patient_row
from shared.segment.sql.text import literal

SHARD = 20_000
"""Patients in a file."""
_ORDER = {"patients": "patient", "facts": "type, code, patient, start"}
_SCHEMAS: Mapping[str, Mapping[str, str]] = {"patients": PATIENTS, "facts": FACTS}


class ParquetWriter:
    """Writes one snapshot into a folder, which must be its own."""

    def __init__(self, folder: Path, shard: int = SHARD) -> None:
        self._folder, self._shard = folder, shard
        self._patients = self._facts = self._shards = 0
        self._units: set[str] = set()
        self._zones: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        (self._folder / SNAPSHOT).unlink(missing_ok=True)
        for name in _SCHEMAS:
            shutil.rmtree(self._folder / name, ignore_errors=True)
            (self._folder / name).mkdir(parents=True)
        self._scratch = Path(mkdtemp(prefix="hearthline-columns-"))
        self._base = connect(self._scratch)
        self._encoder = msgspec.json.Encoder()
        self._open()

    def _open(self) -> None:
        self._files: dict[str, BinaryIO] = {n: (self._scratch / f"{n}.ndjson").open("wb") for n in _SCHEMAS}

    def add(self, record: PatientRecord) -> None:
        """Take in a record; one of nobody who is known is passed over."""
        row = patient_row(self._patients, record)
        if row is None:
            return
        self._write("patients", row)
        self._zones.add(row["zone"])
        for fact in fact_rows(self._patients, record):
            self._write("facts", fact)
            self._facts += fact["nth"] == 0
            self._units.update(_units(fact))
        self._patients += 1
        if self._patients % self._shard == 0:
            self._flush()

    def _write(self, name: str, row: Row) -> None:
        self._files[name].write(self._encoder.encode(row) + b"\n")

    def _flush(self) -> None:
        for name, schema in _SCHEMAS.items():
            self._files[name].close()
            self._sort(name, schema)
        self._shards += 1
        self._open()

    def _sort(self, name: str, schema: Mapping[str, str]) -> None:
        source = literal(str(self._scratch / f"{name}.ndjson"))
        columns = ", ".join(f"{column}: {literal(kind)}" for column, kind in schema.items())
        rows = f"read_json({source}, format = 'newline_delimited', columns = {{{columns}}})"
        target = literal(str(self._folder / name / f"{self._shards:05}.parquet"))
        how = "FORMAT parquet, COMPRESSION zstd"
        self._base.execute(f"COPY (SELECT * FROM {rows} ORDER BY {_ORDER[name]}) TO {target} ({how})")

    def finish(self, as_of: Instant) -> Snapshot:
        """Write what is left, and say that the snapshot is whole."""
        if self._patients % self._shard or not self._shards:
            self._flush()
        units, zones = sorted(self._units), sorted(self._zones - {""})
        made = Snapshot(as_of, self._patients, self._facts, tuple(units), tuple(zones))
        unfinished = self._folder / f"{SNAPSHOT}.part"
        unfinished.write_bytes(msgspec.json.encode(made))
        unfinished.rename(self._folder / SNAPSHOT)
        self.close()
        return made

    def close(self) -> None:
        """Let go of all that is temporary."""
        for file in self._files.values():
            file.close()
        self._base.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _units(fact: Row) -> set[str]:
    """Return the units of a fact's numbers."""
    return {part["unit"] for part in (fact, *fact["components"]) if part["number"] is not None}

"""All tables into a folder and back, row by row: Azure keeps copies of a table, and no earlier states of it.

Parts of some thousand rows as compressed JSON lines, each row as the table service speaks it; the manifest,
with the digest of each part, comes last, so that a folder without one is no backup.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec
import orjson
import zstandard

from shared.adapters.table_rest import decode, encode
from shared.adapters.tables import MAX_BYTES, MAX_OPERATIONS, Property, TableService, Write
from shared.errors import Rejected
from shared.ports import Backup, BackupPart

MANIFEST = "manifest.json"
PART = 20_000
"""Rows of a part."""
AT_ONCE = 16
"""Transactions under way while rows are put back."""

type Row = dict[str, Property]


class TableBackups:
    """The Backups port over the tables of a deployment; `real_time` says when, in ISO 8601."""

    def __init__(self, tables: TableService, names: Sequence[str], real_time: Callable[[], str]) -> None:
        self._tables = tables
        self._names = names
        self._real_time = real_time

    async def save(self, folder: Path, tell: Callable[[BackupPart], None]) -> Backup:
        """Write everything into an empty folder, telling of each part. Raises Rejected, Unavailable."""
        await asyncio.to_thread(_make_empty, folder)
        begun, parts = self._real_time(), list[BackupPart]()
        for name in self._names:
            async for part in self._parts(name, folder):
                parts.append(part)
                tell(part)
        manifest = Backup(begun, self._real_time(), tuple(parts))
        await asyncio.to_thread(_write_manifest, folder, manifest)
        return manifest

    async def _parts(self, table: str, folder: Path) -> AsyncIterator[BackupPart]:
        rows: list[bytes] = []
        number = 0
        async for row, _ in self._tables.query(table, "PartitionKey ge ''"):
            rows.append(_line(row))
            if len(rows) == PART:
                number += 1
                yield await asyncio.to_thread(_write, folder, table, number, rows)
                rows = []
        if rows:
            yield await asyncio.to_thread(_write, folder, table, number + 1, rows)

    async def restore(
        self, folder: Path, tell: Callable[[BackupPart], None], *, go_on: bool = False
    ) -> Backup:
        """Put everything back into empty tables; `go_on`: after a restore that did not end.

        Raises Rejected before anything is written where a part is not as it was saved, or a table has rows;
        Unavailable.
        """
        manifest = await asyncio.to_thread(read_manifest, folder)
        if not go_on:
            await self._demand_empty()
        for part in manifest.parts:
            await self._put(part, folder)
            tell(part)
        return manifest

    async def _demand_empty(self) -> None:
        for name in self._names:
            async for _ in self._tables.query(name, "PartitionKey ge ''", "PartitionKey", 1):
                raise Rejected(f"the table {name} is not empty: what is in it would be mixed up", "not-empty")

    async def _put(self, part: BackupPart, folder: Path) -> None:
        slots = asyncio.Semaphore(AT_ONCE)

        async def put(writes: Sequence[Write]) -> None:
            async with slots:
                await self._tables.transact(part.table, writes)

        lines = await asyncio.to_thread(_read, folder / part.name)
        await asyncio.gather(*(put(writes) for writes in _transactions(lines)))


def read_manifest(folder: Path) -> Backup:
    """Read what a folder holds, and see that every part is as it was written. Raises Rejected."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Backup)
    except FileNotFoundError:
        raise Rejected(f"{folder} holds no backup, or one that did not end", "no-backup") from None
    except msgspec.DecodeError:
        raise Rejected(f"{MANIFEST} in {folder} cannot be read", "bad-backup") from None
    for part in manifest.parts:
        path = folder / part.name
        if Path(part.name).name != part.name or not path.is_file() or _digest(path) != part.sha256:
            raise Rejected(f"{part.name} in {folder} is missing, or not as it was written", "bad-backup")
    return manifest


def _make_empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise Rejected(f"{folder} is not empty", "not-empty")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_manifest(folder: Path, manifest: Backup) -> None:
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def _transactions(lines: Sequence[bytes]) -> Iterator[list[Write]]:
    """Put rows of one partition into one transaction, as far as its limits go."""
    writes = ((_upsert(line), len(line)) for line in lines)
    for _, each in groupby(writes, key=lambda sized: sized[0].partition):
        some: list[Write] = []
        size = 0
        for write, length in each:
            if some and (len(some) == MAX_OPERATIONS or size + length > MAX_BYTES // 2):
                yield some
                some, size = [], 0
            some.append(write)
            size += length
        yield some


def _upsert(line: bytes) -> Write:
    row = decode(orjson.loads(line))
    return Write("upsert", str(row.pop("PartitionKey")), str(row.pop("RowKey")), row)


def _line(row: Row) -> bytes:
    rest = {name: value for name, value in row.items() if name not in ("PartitionKey", "RowKey")}
    return encode(str(row["PartitionKey"]), str(row["RowKey"]), rest)


def _write(folder: Path, table: str, number: int, rows: Sequence[bytes]) -> BackupPart:
    name = f"{table}-{number:05d}.jsonl.zst"
    packed = zstandard.ZstdCompressor().compress(b"\n".join(rows))
    path = folder / name
    path.touch(mode=0o600)
    path.write_bytes(packed)
    return BackupPart(table, name, len(rows), hashlib.sha256(packed).hexdigest())


def _read(path: Path) -> list[bytes]:
    return zstandard.ZstdDecompressor().decompress(path.read_bytes()).split(b"\n")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

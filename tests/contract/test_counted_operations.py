"""What docs/scale.md tells of operations is counted in memory: on Azurite the paths ask for the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from storage_kit import fresh, table_service

from benchmarks.organisation.memory_tables import MemoryTables
from benchmarks.organisation.paths import PATHS, count_path
from benchmarks.organisation.ward import ward
from shared.adapters.storage_rest import Account
from shared.adapters.tables import Property, TableService, Write

_SOME = ("nothing", "segment", "sends", "report", "stop", "question", "wakeup")


class Renamed:
    """A table service whose tables have names of their own: the emulator is everybody's."""

    def __init__(self, tables: TableService) -> None:
        self._tables = tables
        self._prefix = fresh("counted")

    def _named(self, table: str) -> str:
        return f"{self._prefix}{table}"

    async def create(self, table: str) -> None:
        await self._tables.create(self._named(table))

    async def get(self, table: str, partition: str, row: str) -> tuple[dict[str, Property], str] | None:
        return await self._tables.get(self._named(table), partition, row)

    async def write(self, table: str, write: Write) -> str:
        return await self._tables.write(self._named(table), write)

    async def transact(self, table: str, writes: Sequence[Write]) -> str:
        return await self._tables.transact(self._named(table), writes)

    def query(
        self, table: str, condition: str, select: str = "", limit: int | None = None
    ) -> AsyncIterator[tuple[dict[str, Property], str]]:
        return self._tables.query(self._named(table), condition, select, limit)


@pytest.mark.parametrize("path", _SOME)
async def test_a_path_asks_for_the_same_in_memory_and_on_the_emulator(
    path: str, table_account: Account
) -> None:
    async with table_service("rest", table_account) as opened:
        real = await count_path(path, await ward(Renamed(opened)))
    fake = await count_path(path, await ward(MemoryTables()))
    assert (real.operations, real.rows) == (fake.operations, fake.rows)


def test_the_paths_that_are_compared_are_there() -> None:
    assert set(_SOME) <= set(PATHS)

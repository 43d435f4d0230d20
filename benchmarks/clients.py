"""The lean storage clients beside Azure's SDKs: CPU of one operation on this side, the same port, Azurite."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from benchmarks.report import Json, at_least, tidy
from benchmarks.world import World
from shared.adapters.queue_rest import StorageQueues
from shared.adapters.queue_sdk import SdkQueues
from shared.adapters.storage_rest import connection_account
from shared.adapters.table_rest import Tables
from shared.adapters.table_sdk import SdkTables
from shared.adapters.tables import Property, TableService, Write
from shared.ports import Queue

_TABLE, _QUEUE = "clients", "clients"
_BODY = b'{"type":"change","resource_type":"Observation","resource_id":"o-1-1-x","version":"1"}'
_ROUND = 20
type Operation = Callable[[], Awaitable[object]]


async def measure(world: World, operations: int) -> dict[str, Json]:
    """Measure reading an entity, committing three rows, and putting a message."""
    connection = world.stack.connection_string
    tables = SdkTables(connection_account(connection, "table"))
    queues = SdkQueues(connection_account(connection, "queue"))
    try:
        lean = await _operations(world.tables, StorageQueues(world.rest("queue")))
        sdk = await _operations(tables, queues)
        return {name: await _beside(lean[name], sdk[name], operations) for name in lean}
    finally:
        await tables.close()
        await queues.close()


async def _operations(
    tables: TableService | Tables, queues: Queue | StorageQueues | SdkQueues
) -> dict[str, Operation]:
    await tables.create(_TABLE)
    await queues.create(_QUEUE)  # type: ignore[union-attr] # both have it, the port has no need of it
    key = uuid4().hex
    await tables.write(_TABLE, Write("upsert", key, f"{key}-0", _head()))

    async def commit() -> None:
        rows = [Write("upsert", key, f"{key}-{kind}-1", {"body": b"x" * 300}) for kind in "tm"]
        await tables.transact(_TABLE, [Write("merge", key, f"{key}-0", _head()), *rows])

    return {
        "table_get": lambda: tables.get(_TABLE, key, f"{key}-0"),
        "table_commit_of_three": commit,
        "queue_put": lambda: queues.send(_QUEUE, _BODY),
    }


def _head() -> dict[str, Property]:
    """Make a head entity as a patient of a hundred facts has."""
    facts = {
        f"{kind}__0": b"x" * size for kind, size in (("head", 500), ("Observation", 1300), ("Other", 900))
    }
    return {**facts, "sequence": 2, "rows": 1, "commit": "0" * 32, "pending": True, "due": 0}


async def _beside(lean: Operation, sdk: Operation, operations: int) -> Json:
    """Take turns, and compare the middle rounds of each."""
    found: dict[str, list[float]] = {"lean": [], "sdk": []}
    for _ in range(max(operations // _ROUND, 1)):
        for name, operation in (("lean", lean), ("sdk", sdk)):
            found[name].append(await _cpu_ms(operation))
    lean_ms, sdk_ms = (min(found[name][1:] or found[name]) for name in ("lean", "sdk"))
    return {
        "lean_cpu_ms": tidy(lean_ms),
        "sdk_cpu_ms": tidy(sdk_ms),
        "sdk_over_lean": at_least(sdk_ms / lean_ms, 3.0),
    }


async def _cpu_ms(operation: Operation) -> float:
    began = time.process_time()
    for _ in range(_ROUND):
        await operation()
    return 1000 * (time.process_time() - began) / _ROUND

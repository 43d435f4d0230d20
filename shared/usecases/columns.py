"""Write the whole population from the store into columns, page by page, for questions about everybody.

The snapshot is as of when the walk began: what is committed while it goes on may or may not be in it.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.ports import BEYOND, ColumnsWriter
from shared.segment.columns import Snapshot
from shared.usecases.services import Services

PAGE = 200
"""Records read at once."""


async def write_columns(
    services: Services, writer: ColumnsWriter, progress: Callable[[int], object] = lambda done: None
) -> Snapshot:
    """Walk all records and write them; the snapshot counts once this returns. Raises Unavailable."""
    began, cursor, done = services.clock.now(), "", 0
    while stored := await services.patients.range(cursor, BEYOND, PAGE):
        for found in stored:
            writer.add(found.record)
        cursor, done = stored[-1].record.key, done + len(stored)
        progress(done)
    return writer.finish(began)

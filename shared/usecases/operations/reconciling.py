"""Long work: search the FHIR server for what no notification told, type by type, and for deletions."""

from __future__ import annotations

import json
from typing import Any

from shared.fhir.instants import Instant
from shared.fhir.project import KEPT_TYPES
from shared.usecases.deletions import find_deletions
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.recover import search_changes
from shared.usecases.services import Services
from shared.usecases.watch import note_reconciled

KIND = "reconcile"


async def reconcile_now(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Search the types in `params`, from `since` or from where the last search ended; queue what we lack.

    `place` is what was queued of the types that are done.
    """
    since, chosen = work.params.get("since"), sorted(set(work.params.get("types") or KEPT_TYPES))
    found: dict[str, int] = json.loads(work.place or "{}")
    for number, resource_type in enumerate(chosen):
        if resource_type not in found:
            await progress.tell(number, len(chosen), f"searching {resource_type}")
            begin = None if since is None else Instant(since)
            found[resource_type] = await search_changes(services, resource_type, begin)
            await progress.tell(number + 1, place=json.dumps(found))
    deletions = 0
    if set(chosen) == KEPT_TYPES:
        await progress.tell(len(chosen), phase="looking for deletions")
        deletions = await find_deletions(services)
        if since is None:
            await note_reconciled(services)
    queued = {name: number for name, number in found.items() if number}
    return {"queued": queued, "changes": sum(queued.values()), "deletions": deletions}

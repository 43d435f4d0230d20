"""Follow a Bulk Data export to its end, and gather what its files hold.

FHIR server → files → shared.usecases.bulk → records. The steps themselves: shared.ports.BulkData.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from shared.errors import Rejected, Unavailable
from shared.fhir.ndjson import check, deletions, objects, parse_json
from shared.fhir.project import KEPT_TYPES
from shared.fhir.references import parse_reference
from shared.ports import Export, ExportFile
from shared.queues import CHANGES
from shared.usecases.bulk import Report, Sorter
from shared.usecases.jobs import Change
from shared.usecases.posting import post
from shared.usecases.services import Services

TRIES = 5
"""How often in a row the server may fail to say how an export stands, or to send a file."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between two questions for an export, where the server does not say."""

type Sleep = Callable[[float], Awaitable[None]]


async def finished(
    services: Services, place: str, hear: Report = lambda progress: None, sleep: Sleep = asyncio.sleep
) -> Export:
    """Wait for an export; `hear` is told how far it is, in the server's words.

    Raises Rejected when the server does not know it, Unavailable when it fails again and again.
    """
    wait, failures = FIRST_WAIT, 0
    while True:
        try:
            status = await services.fhir.export_status(place)
        except Unavailable as unavailable:
            failures += 1
            if failures == TRIES:
                raise
            asked = unavailable.retry_after
        else:
            if isinstance(status, Export):
                return status
            hear(status.progress)
            failures, asked = 0, status.retry_after
        await sleep(wait if asked is None else min(asked, LONGEST_WAIT))
        wait = min(wait * 2, LONGEST_WAIT)


async def gather_export(
    services: Services, export: Export, sorter: Sorter, report: Report, hear: Report
) -> None:
    """Sort out what the files hold; `hear` is told which is read, `report` what is wrong in it, and where.

    What the server says was deleted goes on the queue, as a change. Raises Unavailable, and Rejected for a
    file that cannot be had.
    """
    for number, file in enumerate(export.files, 1):
        name = f"{file.resource_type or file.kind} (file {number} of {len(export.files)})"
        hear(name)
        await _patiently(services, export, file, sorter, report, name)


async def _patiently(
    services: Services, export: Export, file: ExportFile, sorter: Sorter, report: Report, name: str
) -> None:
    """Read a file, from its beginning again where it breaks off: what is gathered twice does no harm."""
    for _ in range(TRIES - 1):
        try:
            return await _read(services, export, file, sorter, report, name)
        except Unavailable:
            continue
    return await _read(services, export, file, sorter, report, name)


async def _read(
    services: Services, export: Export, file: ExportFile, sorter: Sorter, report: Report, name: str
) -> None:
    ways: Mapping[str, Callable[[bytes], Awaitable[None]]] = {
        "output": partial(_sort_out, sorter),
        "deleted": partial(_delete, services),
        "error": _tell,
    }
    take = ways[file.kind]
    number = 0
    async for line in services.fhir.export_lines(export, file):
        number += 1
        try:
            if line.strip():
                await take(line)
        except Rejected as rejected:
            report(f"{name}:{number}: {rejected.reason}")


async def _sort_out(sorter: Sorter, line: bytes) -> None:
    for resource in parse_json(line):
        check(resource)
        sorter.sort_out(resource)


async def _delete(services: Services, line: bytes) -> None:
    """Queue what a Bundle of deletions names, as far as it is kept."""
    for url in deletions(line):
        key, _ = parse_reference(url)
        if key.resource_type in KEPT_TYPES:
            change = Change(key.resource_type, key.resource_id, action="deleted")
            await post(services.queue, CHANGES, change)


async def _tell(line: bytes) -> None:
    """Say what went wrong on the server, in codes: its words may quote a patient."""
    issues = [issue for outcome in parse_json(line) for issue in objects(outcome.get("issue"))]
    told = ", ".join(f"{issue.get('severity')} {issue.get('code')}" for issue in issues)
    raise Rejected(f"the FHIR server says: {told or 'something went wrong'}", "export-issue")

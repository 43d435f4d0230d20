"""The nightly audit: proves that server, records, memberships, member lists and wake-ups agree, and mends.

By timer and by `hearthline audit`. The patients are divided into shards by their keys; one queue message
looks at one batch of a shard and hands on to the next, so that it goes on after a crash, on any instance, and
at a bounded rate. A last shard looks for patients on the server who have no record at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Conflict, Rejected
from shared.fhir.instants import iso
from shared.patient.record import PatientRecord, patient_key
from shared.queues import AUDITS
from shared.usecases.audit_memberships import audit_memberships
from shared.usecases.audit_records import GRACE, audit_records
from shared.usecases.audit_report import (
    Difference,
    Part,
    Report,
    forget_old,
    load_part,
    report,
    run_name,
    save_part,
)
from shared.usecases.jobs import Audit
from shared.usecases.posting import post
from shared.usecases.read import updated_of
from shared.usecases.services import Services
from shared.usecases.take_in import take_in

SHARDS = 4
"""Shards of the records; the shard after these looks for patients without a record."""

BATCH = 40
"""Patients in one batch: of so many at once the FHIR server is asked."""

PAUSE = 1.0
"""Seconds between two batches of a shard: at most SHARDS * BATCH patients a second."""

MOST = 2000
"""Patients of the server that one batch of the last shard looks at."""

_LAST_KEY = "~"
"""Sorts after every key."""


class _Looked(Struct, frozen=True):
    """What one batch brought: where the next begins, or "" if it was the last."""

    cursor: str
    looked_at: int
    differences: list[Difference]
    unchecked: int = 0


async def start_audit(services: Services) -> str:
    """Begin an audit that repairs, and put its shards on the queue; its name. Raises Unavailable."""
    run = await begin_audit(services, repair=True)
    for shard in range(SHARDS + 1):
        await post(services.queue, AUDITS, Audit(run, shard))
    return run


async def begin_audit(services: Services, *, repair: bool) -> str:
    """Write down that an audit begins; its name. Raises Unavailable, or Conflict where one began just now."""
    started = services.clock.now()
    run = run_name(started)
    for shard in range(SHARDS + 1):
        await save_part(services.documents, run, shard, Part(started, repair, SHARDS + 1), "")
    await forget_old(services.documents)
    return run


async def go_on(services: Services, job: Audit) -> Report | None:
    """Look at the next batch of a shard and queue the one after it; the report if it was the last of all.

    Raises Unavailable. A message that comes again looks again only at what nobody has written down.
    """
    part = await audit_batch(services, job)
    if part is None:
        return None
    if part.finished is None:
        following = replace(job, cursor=part.cursor)
        await post(services.queue, AUDITS, following, PAUSE)
        return None
    found = await report(services.documents, job.run)
    return found if found is not None and found.finished is not None else None


async def audit_everyone(
    services: Services, *, repair: bool, progress: Callable[[int], object] = lambda done: None
) -> Report:
    """Look at everybody here and now; `progress` hears how many have been looked at. Raises Unavailable."""
    run, done = await begin_audit(services, repair=repair), [0] * (SHARDS + 1)

    async def work(shard: int) -> None:
        part = await audit_batch(services, Audit(run, shard))
        while part is not None:
            done[shard] = part.looked_at
            progress(sum(done))
            if part.finished is not None:
                return
            part = await audit_batch(services, Audit(run, shard, part.cursor))

    await asyncio.gather(*(work(shard) for shard in range(SHARDS + 1)))
    found = await report(services.documents, run)
    assert found is not None
    return found


async def audit_batch(services: Services, job: Audit) -> Part | None:
    """Look at one batch, write down what was found, and return the shard's part; None where others go on."""
    part, etag = await load_part(services.documents, job.run, job.shard)
    if part is None:
        raise Rejected("an audit that is not known any more", "unknown-audit")
    if part.finished is not None or part.cursor != job.cursor:
        return part  # written down already: what follows may have been lost
    looked = await _look(services, job, part)
    grown = part.grown(looked.cursor, looked.looked_at, looked.unchecked, looked.differences)
    if not looked.cursor:
        grown = replace(grown, finished=services.clock.now())
    try:
        await save_part(services.documents, job.run, job.shard, grown, etag)
    except Conflict:
        return None
    return grown


async def _look(services: Services, job: Audit, part: Part) -> _Looked:
    if job.shard == SHARDS:
        return await _strangers(services, job, repair=part.repair)
    first, last = _bounds(job.shard)
    records = [each.record for each in await services.patients.range(job.cursor or first, last, BATCH)]
    keys, full = [record.key for record in records], len(records) == BATCH
    found, unchecked = await _against_server(services, records, job.run, repair=part.repair)
    span = (f"{job.cursor}!" if job.cursor else first, keys[-1] if full else last)  # "!" sorts before a digit
    found += await audit_memberships(services, keys, span, job.run, repair=part.repair)
    return _Looked(keys[-1] if full else "", len(keys), found, unchecked)


def _bounds(shard: int) -> tuple[str, str]:
    """Return between which keys a shard lies: a key is 32 hex digits."""
    step = 16 // SHARDS
    return f"{shard * step:x}", _LAST_KEY if shard == SHARDS - 1 else f"{(shard + 1) * step:x}"


async def _against_server(
    services: Services, records: list[PatientRecord], run: str, *, repair: bool
) -> tuple[list[Difference], int]:
    known = [record for record in records if record.patient_id and record.erased is None]
    try:
        return (await audit_records(services, known, run, repair=repair) if known else []), 0
    except Rejected:
        return [], len(known)


async def _strangers(services: Services, job: Audit, *, repair: bool) -> _Looked:
    """Look for patients on the server, oldest change first, who have no record."""
    params = {"_elements": "id,meta", "_count": "500", "_sort": "_lastUpdated"}
    if job.cursor:
        params["_lastUpdated"] = f"ge{job.cursor}"
    looked, latest, found = 0, job.cursor, list[Difference]()
    async for resource in services.fhir.search("Patient", params):
        at = updated_of(resource)
        if resource.get("resourceType") == "Patient" and at <= services.clock.now() - GRACE:
            found += await _stranger(services, str(resource.get("id")), repair=repair)
        looked, latest = looked + 1, iso(at) if at else latest
        if looked >= MOST and latest > job.cursor:
            return _Looked(latest, 0, found)
    return _Looked("", 0, found)


async def _stranger(services: Services, patient_id: str, *, repair: bool) -> list[Difference]:
    key = patient_key(patient_id)
    if (await services.patients.load(key)).etag:
        return []
    if repair:
        await take_in(services, patient_id)
    return [Difference("missing", key, f"Patient/{patient_id}", repair)]

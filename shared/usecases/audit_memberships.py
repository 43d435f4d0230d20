"""Records against what hangs on them: memberships as evaluated now, member lists, wake-ups; and set right.

Part of shared.usecases.audit. All that does not agree is looked at twice, so that what is just being written
is no difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from shared.catalogue import Catalogue
from shared.events import MembershipsDoubted
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.patient.state import Membership
from shared.ports import MemberRow, Wakeup
from shared.segment.compiled import CompiledSegment
from shared.usecases.audit_report import Difference, Kind
from shared.usecases.jobs import Refresh
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.sweep import OVERDUE
from shared.usecases.wake import refresh

type Found = tuple[Kind, str, str]
"""What, the patient's key, and the segment's url or ""."""


async def audit_memberships(
    services: Services, keys: Sequence[str], span: tuple[str, str], run: str, *, repair: bool
) -> list[Difference]:
    """Look at the records of `keys`, and at all member rows whose keys are in `span`. Raises Unavailable."""
    catalogue = await services.definitions.current()
    rows = await _rows(services, catalogue, *span)
    records = {record.key: record for record in await _load(services, keys)}
    found = [
        each for record in records.values() for each in _of_record(record, catalogue, services.clock.now())
    ]
    found += _of_rows(records, catalogue, rows)
    found += [each for record in records.values() for each in await _of_wakeups(services, record)]
    confirmed = [each for each in found if await _still(services, each)] if found else []
    return await _set_right(services, confirmed, run, repair=repair)


async def _load(services: Services, keys: Iterable[str]) -> list[PatientRecord]:
    stored = await asyncio.gather(*(services.patients.load(key) for key in keys))
    return [each.record for each in stored if each.etag and each.record.erased is None]


async def _rows(
    services: Services, catalogue: Catalogue, first: str, last: str
) -> dict[str, dict[str, MemberRow]]:
    urls = [segment.url for segment in catalogue.segments.all]
    found = await asyncio.gather(*(services.indexes.member_rows(url, first, last) for url in urls))
    return {url: {row.key: row for row in rows} for url, rows in zip(urls, found, strict=True)}


def _of_record(record: PatientRecord, catalogue: Catalogue, now: Instant) -> Iterator[Found]:
    if record.next_due is not None and record.next_due < now - OVERDUE:
        yield "late", record.key, ""
    for segment in catalogue.segments.all:
        if wrong_membership(record, segment, now):
            yield "membership", record.key, segment.url


def wrong_membership(record: PatientRecord, segment: CompiledSegment, now: Instant) -> bool:
    """Say whether a membership is not what the segment says now, or would miss the next flip.

    One that is just due is not wrong. A flip that is looked for too early costs a look and loses nothing.
    """
    held = record.memberships.get(segment.url)
    if held is not None and held.next_flip is not None and held.next_flip <= now:
        return False
    truth = segment.evaluate(record, now)
    if truth.member != (held is not None and held.member):
        return True
    return truth.next_flip is not None and _misses(held, truth.next_flip, record, segment, truth.member)


def _misses(
    held: Membership | None, flip: Instant, record: PatientRecord, segment: CompiledSegment, member: bool
) -> bool:
    if held is not None and held.next_flip is not None and held.next_flip <= flip:
        return False
    return segment.evaluate(record, flip).member != member  # else it only could have flipped there


def _of_rows(
    records: dict[str, PatientRecord], catalogue: Catalogue, rows: dict[str, dict[str, MemberRow]]
) -> Iterator[Found]:
    for segment in catalogue.segments.all:
        listed = rows[segment.url]
        for key, record in records.items():
            if kind := _row_differs(record, segment.url, listed.get(key)):
                yield kind, key, segment.url
        for key, row in listed.items():
            if row.member and key not in records:
                yield "orphan", key, segment.url


def _row_differs(record: PatientRecord, url: str, row: MemberRow | None) -> Kind | None:
    """Compare a membership with its row; what stands in the outbox is about to be written."""
    held, listed = record.memberships.get(url), row is not None and row.member
    member = held is not None and held.member
    if member == listed or f"member|{url}" in record.outbox:
        return None
    return "unlisted" if member else "listed"


async def _of_wakeups(services: Services, record: PatientRecord) -> list[Found]:
    due = record.next_due
    if due is None or due <= services.clock.now():
        return []
    there = await services.indexes.scheduled(Wakeup(record.key, due))
    return [] if there else [("wake-up", record.key, "")]


async def _still(services: Services, found: Found) -> bool:
    """Look at one difference again: first at what hangs on the record, then at the record."""
    kind, key, url = found
    rows = await services.indexes.member_rows(url, key, key) if url else ()
    stored = await services.patients.load(key)
    if not stored.etag:
        return kind == "orphan" and any(row.member for row in rows)
    if kind in ("unlisted", "listed"):
        return _row_differs(stored.record, url, rows[0] if rows else None) == kind
    if kind == "wake-up":
        return bool(await _of_wakeups(services, stored.record))
    catalogue = await services.definitions.current(stored.record.catalogue)
    return found in _of_record(stored.record, catalogue, services.clock.now())


async def _set_right(
    services: Services, found: Sequence[Found], run: str, *, repair: bool
) -> list[Difference]:
    doubted: dict[str, list[str]] = {}
    for kind, key, url in found if repair else ():
        if kind in ("membership", "unlisted", "listed"):
            doubted.setdefault(key, []).append(url)
        elif kind == "orphan":
            await services.indexes.drop_member(url, key)
        elif kind == "late":
            await refresh(services, Refresh(key), Trigger(f"audit-{run}-{key}"))
        else:
            await _schedule(services, key)
    for key, urls in doubted.items():
        await _settle(services, key, sorted(set(urls)), run)
    return [Difference(kind, key, url, repair) for kind, key, url in found]


async def _schedule(services: Services, key: str) -> None:
    due = (await services.patients.load(key)).record.next_due
    if due is not None:
        await services.indexes.schedule(key, due)


async def _settle(services: Services, key: str, urls: Sequence[str], run: str) -> None:
    """Have memberships evaluated and listed anew.

    A row that says that it is of a later commit than there ever was (the records were restored from a copy)
    would withstand that, and goes first.
    """
    for url in urls:
        rows = await services.indexes.member_rows(url, key, key)
        sequence = (await services.patients.load(key)).record.sequence
        if rows and rows[0].order >= sequence:
            await services.indexes.drop_member(url, key)
    await react(services, key, [MembershipsDoubted(tuple(urls))], Trigger(f"audit-{run}-{key}"))

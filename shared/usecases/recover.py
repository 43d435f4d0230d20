"""Find what no notification told: `$events` for a gap, `_lastUpdated` searches for all else and on a timer.

What a search brings is compared with the records first: in the normal case everything has been heard
already, and reconciling costs one table read a patient, not a second round of the whole path.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Conflict, Rejected, Unavailable
from shared.fhir.instants import MINUTE, Instant, iso
from shared.fhir.lens import Lens
from shared.fhir.notification import Heard, Recover, Request
from shared.fhir.parse_notification import parse
from shared.fhir.project import KEPT_TYPES, SHARED_TYPES, project
from shared.fhir.references import resource_key
from shared.patient.apply import apply_content
from shared.patient.record import PatientRecord, patient_key
from shared.queues import CHANGES
from shared.telemetry import count
from shared.usecases.count import strike
from shared.usecases.hear import LARGEST
from shared.usecases.jobs import Change, Recovery, encode_job
from shared.usecases.posting import post
from shared.usecases.read import updated_of, version_of
from shared.usecases.services import Services
from shared.usecases.watch import note_reconciled

WATERMARKS = "watermarks"

OVERLAP = 2 * MINUTE
"""How far before its watermark a search looks: servers commit out of the order of lastUpdated."""

PAGE = "500"

MOST = 20_000
"""Resources of a type that one reconciliation looks at."""

_REMEMBERED = 500

_encode = msgspec.json.Encoder().encode


class Watermark(Struct, frozen=True):
    """How far a type has been searched, by the FHIR server's own clock."""

    latest: Instant
    """The newest lastUpdated that was seen."""
    start: Instant
    """Where the next search begins: OVERLAP before `latest`, or at it once nothing newer came for as long."""
    moved: Instant = Instant(0)
    """When `latest` last moved, by our own clock."""


_decode = msgspec.json.Decoder(Watermark).decode


async def recover(services: Services, job: Recovery) -> int:
    """Look for what a source's notifications missed; how many changes were queued. Raises Unavailable."""
    wanted = job.recover
    if wanted.subscription and wanted.first is not None and wanted.last is not None:
        found = await _ask_events(services, job.source, wanted)
        if found is not None:
            return found
    queued = 0
    for resource_type in sorted(set(wanted.types or KEPT_TYPES) & KEPT_TYPES):
        queued += await search_changes(services, resource_type, wanted.since)
    if wanted.subscription and wanted.first is not None and wanted.last is not None:
        await strike(services, job.source, wanted.subscription, wanted.first, wanted.last)
    return queued


async def _ask_events(services: Services, source: str, wanted: Recover) -> int | None:
    """Ask `$events`; None where the server has no such operation, or does not bring what is missing."""
    assert wanted.subscription is not None
    assert wanted.first is not None
    assert wanted.last is not None
    try:
        bundles = await services.fhir.events(wanted.subscription, wanted.first, wanted.last)
    except Rejected:
        return None
    numbers: set[int] = set()
    queued = 0
    for bundle in bundles:
        heard = parse(Request("POST", body=_encode(bundle)))
        for told in heard.notifications if isinstance(heard, Heard) else ():
            numbers |= set(told.event_numbers)
            for change in told.changes:
                key = change.key
                await _queue(services, Change(key.resource_type, key.resource_id, change.version or ""))
                queued += 1
    if not numbers >= set(range(wanted.first, wanted.last + 1)):
        return None
    await strike(services, source, wanted.subscription, wanted.first, wanted.last)
    return queued


async def reconcile(services: Services) -> int:
    """Search every kept type from its watermark on; how many changes were queued. Raises Unavailable."""
    queued, outcome = 0, "failed"
    try:
        for resource_type in sorted(KEPT_TYPES):
            found = await search_changes(services, resource_type, None)
            if found:
                count("hearthline.reconciled", found, type=resource_type)
            queued += found
        await note_reconciled(services)
        outcome = "done"
    finally:
        count("hearthline.reconciliations", outcome=outcome)
    return queued


async def search_changes(services: Services, resource_type: str, since: Instant | None) -> int:
    """Queue what a type's search by `_lastUpdated` brings that no record reflects yet; how many.

    Looks from `since`, else from the watermark on, which follows the search but never overtakes the queue.
    At most MOST resources: what is left is for the next call, as a function must not run for ever.
    """
    mark, etag = await watermark(services, resource_type)
    start = mark.start if since is None else since
    latest, queued, looked, known = mark.latest, 0, 0, Known(services, await _lens(services))
    async for resource in _search(services, resource_type, start):
        at = updated_of(resource)
        latest = Instant(max(latest, at))
        again = since is None and resource_type in SHARED_TYPES and at <= mark.latest
        if not again and not await known.reflects(resource):
            await _queue(services, _change(resource_type, resource, at))
            queued += 1
        looked += 1
        if since is None and looked >= MOST and latest > mark.latest:
            break
    if since is None:
        following = advanced(mark, latest, services.clock.now())
        await advance(services, resource_type, following, mark, etag)
    return queued


async def _lens(services: Services) -> Lens:
    """Return what records must reflect: what journeys look for in arrivals is not missing in older facts."""
    return (await services.definitions.current()).lens


def advanced(mark: Watermark, latest: Instant, now: Instant) -> Watermark:
    """Keep looking back a little while things are new; a bulk load is not read again for ever."""
    if latest != mark.latest:
        return Watermark(latest, Instant(max(0, latest - OVERLAP)), now)
    return replace(mark, start=latest) if now - mark.moved >= OVERLAP else mark


async def mark_known(services: Services) -> None:
    """Set every watermark to the newest resource there is: before a population is taken in whole.

    What changes while that goes on is found from there by the next reconciliation.
    """
    for resource_type in sorted(KEPT_TYPES):
        mark, etag = await watermark(services, resource_type)
        newest = {"_sort": "-_lastUpdated", "_count": "1"}
        async for resource in _found(services, resource_type, newest):
            at = updated_of(resource)
            await advance(services, resource_type, Watermark(at, at), mark, etag)
            break


class Known:
    """Says whether records reflect a resource already; remembers some of them for the time of a search."""

    def __init__(self, services: Services, lens: Lens) -> None:
        self._services = services
        self._lens = lens
        self._records: dict[str, PatientRecord] = {}

    async def reflects(self, resource: Mapping[str, object]) -> bool:
        """Compare with the records of all patients concerned. What cannot be used needs no queueing.

        Shared resources are in no record of their own: those are queued whenever they are new.
        """
        try:
            projection = project(resource, self._services.zone, self._lens)
        except Rejected:
            return True
        content = projection.content
        if content.reference.partition("/")[0] in SHARED_TYPES:
            return False
        records = [await self._record(patient_id) for patient_id in projection.patients]
        return not any(apply_content(record, content)[1] for record in records)

    async def _record(self, patient_id: str) -> PatientRecord:
        key = patient_key(patient_id)
        if key not in self._records:
            if len(self._records) >= _REMEMBERED:
                self._records.clear()
            self._records[key] = (await self._services.patients.load(key, patient_id)).record
        return self._records[key]


def _search(services: Services, resource_type: str, start: Instant) -> AsyncIterator[Mapping[str, object]]:
    params = {"_sort": "_lastUpdated", "_count": PAGE}
    if start > 0:
        params["_lastUpdated"] = f"ge{iso(start)}"
    return _found(services, resource_type, params)


async def _found(
    services: Services, resource_type: str, params: Mapping[str, str]
) -> AsyncIterator[Mapping[str, object]]:
    """Search a type; no server has them all, and one that it does not support holds nothing to be found."""
    try:
        async for resource in services.fhir.search(resource_type, params):
            yield resource
    except Rejected as rejected:
        if rejected.code != "not-supported":
            raise


async def watermark(services: Services, resource_type: str) -> tuple[Watermark, str]:
    """Return how far a type has been searched, and the ETag of that."""
    found = await services.documents.get(WATERMARKS, resource_type)
    return (_decode(found[0]), found[1]) if found else (Watermark(Instant(0), Instant(0)), "")


async def advance(
    services: Services, resource_type: str, mark: Watermark, before: Watermark, etag: str
) -> None:
    """Move the watermark on, or begin it."""
    if mark != before or not etag:
        await keep(services, WATERMARKS, resource_type, _encode(mark), etag)


async def keep(services: Services, kind: str, resource_type: str, body: bytes, etag: str) -> None:
    """Write how far we are with a type; when two instances look at once, either may win."""
    try:
        await services.documents.put(kind, resource_type, body, etag)
    except Conflict:
        return


def _change(resource_type: str, resource: Mapping[str, object], at: Instant) -> Change:
    """Make a change with the body at hand: we read it from the server ourselves."""
    key = resource_key(resource_type, resource.get("id"))
    change = Change(key.resource_type, key.resource_id, version_of(resource), "unknown", at, dict(resource))
    return change if len(encode_job(change)) <= LARGEST else replace(change, resource=None)


async def _queue(services: Services, change: Change) -> None:
    try:
        await post(services.queue, CHANGES, change)
    except ValueError as error:
        raise Unavailable("the queue did not take a change") from error

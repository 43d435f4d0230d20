"""Rebuild the analytics log: tell it what records, message rows, timelines and rosters say has happened.

Lines that are there already count once, so that it does no harm to rebuild what is whole. What retention has
dropped is told no more; of reports, those in between only as long as engagement is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from shared.patient.engagement import ENGAGEMENT
from shared.patient.record import PatientRecord
from shared.ports import BEYOND, Stored
from shared.ports.happened import HappenedLog, Line
from shared.usecases.analytics.asking import log_of
from shared.usecases.analytics.lines import (
    is_said,
    of_engagement,
    of_enrolment,
    of_message,
    of_opt_out,
    of_timeline,
)
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.room import walk
from shared.usecases.services import Services

PAGE = 100


async def rebuild(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Do it as long work: everybody, by key, then the rosters. Raises Rejected, Unavailable, Cancelled."""
    log = log_of(services)
    done = progress.work.done
    cursor = work.place
    while True:
        page = await services.patients.range(cursor, BEYOND, PAGE)
        for stored in page:
            log.tell(await lines_of(services, stored))
        await log.flush()
        done += len(page)
        if len(page) < PAGE:
            break
        cursor = page[-1].record.key
        await progress.tell(done, phase="patients", place=cursor)
    rows = await _rosters(services, log, progress, done)
    return {"patients": done, "enrolments": rows}


async def lines_of(services: Services, stored: Stored) -> list[Line]:
    """Return what is stored of a patient, as lines; nothing of somebody erased."""
    record = stored.record
    if record.erased is not None:
        return []
    return [*await _told(services, record), *await _of_messages(services, record), *_said(record)]


async def _told(services: Services, record: PatientRecord) -> list[Line]:
    timeline = await services.patients.timeline(record.key)
    commits = (tuple(lines) for _, lines in groupby(timeline, key=lambda line: line.at))
    return [line for commit in commits for line in of_timeline(record.key, commit)]


async def _of_messages(services: Services, record: PatientRecord) -> list[Line]:
    """Return what rows say, and what came before the highest report."""
    rows = {row.message_id: row for row in await services.patients.messages(record.key)}
    found = [line for row in rows.values() for line in of_message(record.key, row)]
    for fact in record.facts.of(ENGAGEMENT).values():
        about = next(iter(fact.attributes.get("message", ())), "")
        line = None if fact.gone else of_engagement(record.key, fact, rows.get(about))
        found += [line] if line is not None else []
    return found


def _said(record: PatientRecord) -> Iterator[Line]:
    return (of_opt_out(record, no) for no in record.opt_outs if is_said(no))


async def _rosters(services: Services, log: HappenedLog, progress: Progress, done: int) -> int:
    """Tell how enrolments ended, and by what ways they went; how many there were."""
    catalogue = await services.definitions.current()
    rows = 0
    for url in sorted({journey.url for journey in catalogue.journeys}):
        async for row in walk(services, url):
            log.tell(of_enrolment(row.key, row.enrolment))
            rows += 1
            if rows % 1000 == 0:
                await log.flush()
                await progress.tell(done + rows, phase="rosters")
        await log.flush()
    return rows

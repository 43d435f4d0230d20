"""Fold the analytics log, by timer: lines into a sorted file a day; what is old or forgotten goes."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from shared.errors import Conflict
from shared.fhir.instants import to_datetime
from shared.ports.happened import HappenedLog
from shared.retention import Retention
from shared.usecases.analytics.asking import log_of
from shared.usecases.analytics.forgetting import forgotten, go_on, is_done, went
from shared.usecases.services import Services

SECONDS = 240.0
"""Real time for one call: functions are stopped after ten minutes."""
LEAST = 1024 * 1024
"""Bytes of lines for which a day that is over is written again by day; by night for any."""
NIGHT = range(1, 4)
"""Hours, UTC."""


class Folding(Struct, frozen=True):
    """What came of it."""

    days: int = 0
    """That were written."""
    lines: int = 0
    dropped: int = 0
    """Days that were too old."""
    forgotten: int = 0
    """People taken out of every file."""


async def fold(
    services: Services,
    kept: Retention,
    *,
    everything: bool = False,
    seconds: float = SECONDS,
    real_time: Callable[[], float] = time.monotonic,
) -> Folding:
    """Fold what has come. Raises Rejected (analytics-off), Unavailable; what is left is for the next call.

    `everything` also takes people who were erased out of every file, as by night. Two at once do no harm: of
    two who write a day, one does, and lines that are told twice count once.
    """
    log, until, now = log_of(services), real_time() + seconds, services.clock.now()
    everything = everything or to_datetime(now).hour in NIGHT
    await log.flush()
    days, today = await log.days(), to_datetime(now).date().isoformat()
    dropped = await _drop(services, log, kept, list(days))
    gone = await forgotten(services.documents)
    walk = await go_on(services.documents, gone) if everything else None
    done = lines = 0
    for day, waiting in days.items():
        behind = walk is not None and day > walk.day
        if day in dropped or not (behind or waiting > (0 if everything or day >= today else LEAST)):
            continue
        if real_time() >= until:
            return Folding(done, lines, len(dropped))
        try:
            folded = await log.fold(day, gone)
        except Conflict:  # another is at it: who were forgotten wait for the next call
            walk = None
            continue
        done, lines = done + 1, lines + folded.lines
        walk = await went(services.documents, walk, day) if walk is not None and behind else walk
    if walk is not None:
        await is_done(services.documents, walk)
    return Folding(done, lines, len(dropped), len(walk.keys) if walk is not None else 0)


async def _drop(services: Services, log: HappenedLog, kept: Retention, days: list[str]) -> set[str]:
    before = kept.before("analytics", services.clock.now(), services.policy.zone)
    if before is None:
        return set()
    oldest = to_datetime(before).date().isoformat()
    old = {day for day in days if day < oldest}
    for day in sorted(old):
        await log.drop(day)
    return old

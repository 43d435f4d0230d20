"""After a publication everybody is looked at: in shards, each a chain of queue messages, page by page.

A message works on its shard for a while, saves after every page how far it is, and hands on to the next
message. Whatever crashes, the redelivery goes on from the last page that was saved.
"""

from __future__ import annotations

import time
from math import ceil

from msgspec.structs import replace

from shared.catalogue import publication
from shared.errors import Conflict, Rejected
from shared.fhir.instants import MINUTE
from shared.queues import POPULATIONS
from shared.usecases.jobs import Populate
from shared.usecases.look_at_page import Page, look_at_page
from shared.usecases.population import (
    Population,
    Progress,
    Shard,
    added,
    begin_population,
    load_population,
    load_shard,
    load_shards,
    progress_of,
    save_shard,
)
from shared.usecases.posting import post
from shared.usecases.publish import load_shelf
from shared.usecases.react import Trigger
from shared.usecases.services import Services

PAGE = 200
"""Patients that are read with one query, and looked at before the cursor is saved."""

SECONDS = 60.0
"""Real time after which a message hands on: functions are stopped after ten minutes."""

MOST_SHARDS = 64
_SHARD = 500
"""Patients that are worth a shard of their own."""
_SAMPLE = 64
"""The part of all keys by which the number of patients is guessed."""

STANDING_STILL = 15 * MINUTE
"""After which the sweep takes it that the message of a shard was lost."""


async def start_population(
    services: Services, version: str, shards: int | None = None, delay: float = 0.0
) -> Population:
    """Have everybody looked at, as this version was published. Raises Unavailable, Rejected (no version).

    Again goes on with what is not done. `shards` is a matter of the number of patients if it is not given.
    A `delay` in seconds lets every instance hear of the publication first.
    """
    run = await load_population(services, version)
    if run is None:
        catalogue = await services.definitions.current(version)
        segments = tuple(segment.url for segment in catalogue.segments.since(publication(version) - 1))
        count = shards or await _shards(services)
        run = Population(version, count, segments, services.clock.now())
        run = await begin_population(services, run)
    for number, shard in enumerate(await load_shards(services, run)):
        if not shard.done:
            await _send(services, run, number, shard.turn, delay)
    return run


async def _shards(services: Services) -> int:
    """Guess from a part of the keys how many patients there are."""
    upper = f"{2**32 // _SAMPLE:08x}"
    found = await services.patients.range("", upper, ceil(MOST_SHARDS * _SHARD / _SAMPLE))
    return min(max(ceil(len(found) * _SAMPLE / _SHARD), 1), MOST_SHARDS)


async def _send(services: Services, run: Population, number: int, turn: int, delay: float = 0.0) -> None:
    await post(services.queue, POPULATIONS, Populate(run.version, number, turn), delay)


async def population_progress(services: Services, version: str) -> Progress | None:
    """Say how far a run is; None where there is none. Raises Rejected (no version), Unavailable."""
    run = await load_population(services, version)
    return None if run is None else progress_of(run, await load_shards(services, run))


async def resume_population(services: Services) -> None:
    """Start the run of the latest publication if nobody did, and shards that stand still. For the sweep."""
    shelf, _ = await load_shelf(services.documents)
    if not shelf.population:
        return
    run = await load_population(services, shelf.population)
    if run is None:
        await start_population(services, shelf.population)
        return
    late = services.clock.now() - STANDING_STILL
    for number, shard in enumerate(await load_shards(services, run)):
        if not shard.done and shard.at < late:
            await _send(services, run, number, shard.turn)


async def populate(
    services: Services, job: Populate, trigger: Trigger, page: int = PAGE, seconds: float = SECONDS
) -> None:
    """Work on a shard until it is done or the time is up. Raises Unavailable, Rejected (no such run).

    Two workers on one shard do no harm: who comes second to save goes on from what the first saved.
    """
    run = await load_population(services, job.version)
    if run is None or not 0 <= job.shard < run.shards:
        raise Rejected("no such population run", "unknown-population")
    until = time.monotonic() + seconds
    shard, etag = await load_shard(services, run, job.shard)
    while not shard.done:
        if shard.turn > job.turn:  # handed on, but perhaps the message was not sent
            return await _send(services, run, job.shard, shard.turn)
        following = await _further(services, run, shard, trigger, page)
        if time.monotonic() >= until and not following.done:
            following = replace(following, turn=job.turn + 1)
        try:
            etag = await save_shard(services, run, job.shard, following, etag)
            shard = following
        except Conflict:
            shard, etag = await load_shard(services, run, job.shard)
    return None


async def _further(services: Services, run: Population, shard: Shard, trigger: Trigger, page: int) -> Shard:
    """Look at one page; how far the shard is then."""
    stored = await services.patients.range(shard.cursor, shard.upper, page)
    seen = await look_at_page(services, run.version, stored, trigger) if stored else Page()
    return replace(
        shard,
        cursor=stored[-1].record.key if stored else shard.cursor,
        at=services.clock.now(),
        looked_at=shard.looked_at + len(stored),
        committed=shard.committed + seen.committed,
        segments=added(shard.segments, seen.segments),
        done=len(stored) < page,
    )

"""What has come of a campaign so far: by the rosters of its runs, by documents, and by the messages."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import batched

from msgspec import Struct, field

from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import CampaignState, RunRef
from shared.journey.pace import last_of
from shared.usecases.campaigns.audience import audience_of_run
from shared.usecases.campaigns.documents import Run, load_run, load_state, refusals
from shared.usecases.campaigns.listing import next_run
from shared.usecases.room import walk
from shared.usecases.services import Services

AT_ONCE = 16
MOST_RUNS = 12
"""Of which results are told at once."""


class WayResult(Struct):
    """How many went one way of a split, and how many of them reached the journey's goal."""

    entered: int = 0
    goals: int = 0


class RunStatus(Struct):
    """What has come of one run."""

    run: str
    occurrence: str
    began: Instant
    finished: Instant | None
    asked: int
    """Brought on their way into the journey."""
    entered: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    """active and on-hold are inside; completed and revoked have left."""
    goals: int = 0
    ways: dict[str, dict[str, WayResult]] = field(default_factory=dict)
    """By step, then by way of a split or case of a wait."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Left out of the audience, by the reason."""
    refused: Counter[str] = field(default_factory=Counter)
    """Not let in by the journey's own rules, by the reason."""
    remaining: int = 0
    """Whose turn is yet to come; those who will be left out are among them."""
    done_by: Instant | None = None
    """When the last of them is asked at this pace, slots left aside; None: unknown, or some never are."""
    messages: Counter[str] = field(default_factory=Counter)
    """By status and latest report; only where they were asked for."""

    @property
    def inside(self) -> int:
        """Return how many are in the journey now."""
        return self.by_status["active"] + self.by_status["on-hold"]


class CampaignStatus(Struct, frozen=True):
    """How a campaign stands, and what has come of it; the latest run last."""

    state: CampaignState
    next_run: Instant | None
    runs: tuple[RunStatus, ...]


async def status(
    services: Services,
    definition: CampaignDefinition,
    *,
    messages: bool = False,
    most: int = MOST_RUNS,
    results: bool = True,
) -> CampaignStatus:
    """Say how a campaign stands, with its latest `most` runs.

    Costs a query for each thousand people of a run, and without `results` none; with `messages` one for each
    person. Raises Unavailable.
    """
    state, _ = await load_state(services.documents, definition.canonical)
    latest = state.runs[-most:] if most else ()
    if not results:
        begun = [await _only_begun(services, definition, ref) for ref in latest]
        return CampaignStatus(state, next_run(services, definition, state), tuple(begun))
    runs = [await _run(services, definition, ref, messages=messages) for ref in latest]
    if state.status == "running" and runs and runs[-1].finished is None:
        await _foresee(services, definition, state.runs[-1], runs[-1])
    return CampaignStatus(state, next_run(services, definition, state), tuple(runs))


async def _only_begun(services: Services, definition: CampaignDefinition, ref: RunRef) -> RunStatus:
    run, _ = await load_run(services.documents, ref, definition.canonical)
    return _begun(run, ref)


async def _run(
    services: Services, definition: CampaignDefinition, ref: RunRef, *, messages: bool
) -> RunStatus:
    run, _ = await load_run(services.documents, ref, definition.canonical)
    found = _begun(run, ref)
    keys: list[tuple[str, str]] = []
    async for row in walk(services, definition.journey, ref.run):
        found.entered += 1
        found.by_status[row.enrolment.status] += 1
        found.goals += row.enrolment.goal
        for step, way in row.enrolment.results.items():
            if not step.startswith("@"):
                _count_way(found, step, way, goal=row.enrolment.goal)
        if messages:
            keys.append((row.key, row.enrolment.enrolment_id))
    found.refused = Counter([reason async for reason in refusals(services.documents, ref.run)])
    for some in batched(keys, AT_ONCE, strict=False):
        counts = await asyncio.gather(*(_messages(services, *each) for each in some))
        found.messages = sum(counts, found.messages)
    return found


def _begun(run: Run, ref: RunRef) -> RunStatus:
    return RunStatus(
        run=run.run,
        occurrence=ref.occurrence.name,
        began=run.began,
        finished=run.finished,
        asked=run.granted.total,
        skipped=run.skipped,
    )


def _count_way(found: RunStatus, step: str, way: str, *, goal: bool) -> None:
    result = found.ways.setdefault(step, {}).setdefault(way, WayResult())
    result.entered += 1
    result.goals += goal


async def _messages(services: Services, key: str, enrolment_id: str) -> Counter[str]:
    rows = await services.patients.messages(key)
    mine = (message for message in rows if message.enrolment_id == enrolment_id)
    return Counter(message.delivery or message.status for message in mine)


async def _foresee(services: Services, definition: CampaignDefinition, ref: RunRef, found: RunStatus) -> None:
    catalogue = await services.definitions.current()
    run, _ = await load_run(services.documents, ref, definition.canonical)
    audience = await audience_of_run(services, catalogue, definition, ref.run)
    found.remaining = await audience.size(run.cursor)
    now = services.clock.now()
    found.done_by = last_of(definition.pace, run.granted, found.remaining, now, services.zone)

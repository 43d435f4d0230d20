"""What a pause, a resumption or the end of a campaign means for those whom it has brought about already.

Who waits at the door (for their own clock, or at the journey's gate) has not been invited: they stand still
with the campaign, and go with it. Who is past it goes on with the journey, unless the campaign says that they
leave.
"""

from __future__ import annotations

import asyncio
from itertools import batched

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.events import EnrolmentAsked
from shared.fhir.instants import MINUTE, Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import CampaignState, RunRef
from shared.journey.gate import GATE, GRANTED
from shared.journey.schedule import SCHEDULED
from shared.patient.state import Enrolment
from shared.ports import RosterRow
from shared.queues import ENTRIES
from shared.usecases.campaigns.documents import Recalling, Run, find_run, load_state, save_run
from shared.usecases.jobs import Recall
from shared.usecases.posting import post
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

BY = "campaign"
"""Who it was that paused, resumed or stopped an enrolment."""
PAGE = 500
PAGES = 10
"""Pages that one call of the timer goes through."""
TURNS = 2
SECOND_TURN = 2 * MINUTE
"""After the first one: whoever was on their way in then has arrived."""
AT_ONCE = 16


def heeded(run: Run, state: CampaignState) -> bool:
    """Say whether all that staff have done with the campaign has come to those whom it brought about."""
    return run.moves == len(state.moves) and run.recalling is None


def heed_moves(run: Run, state: CampaignState, *, begun: bool) -> Run:
    """Return the run with what staff have done since in mind; only the latest counts."""
    count = len(state.moves)
    if not begun:  # a run that begins knows what was before; the very last may be why it has nobody to bring
        run = replace(run, moves=count if state.status == "running" else count - 1)
    if run.moves == count:
        return run
    action = state.moves[-1].action  # by the patient's clock the run before may still have some who wait
    match action:
        case "cancel":
            return replace(run, moves=count, recalling=Recalling("stop", state.runs))
        case "pause":
            return replace(run, moves=count, recalling=Recalling("pause", state.runs[-2:]))
        case "resume":
            return replace(run, moves=count, parked=True, recalling=Recalling("resume", state.runs[-2:]))
        case _:
            return replace(run, moves=count)


async def recall_on(
    services: Services, catalogue: Catalogue, definition: CampaignDefinition, run: Run, etag: str
) -> tuple[Run, str]:
    """Go on through those whom the campaign has brought about, some pages at a time."""
    for _ in range(PAGES):
        recalling = run.recalling
        if recalling is None or services.clock.now() < recalling.not_before:
            break
        following = await _page(services, catalogue, definition, recalling)
        run = replace(run, recalling=following)
        etag = await save_run(services.documents, run, etag)
    return run, etag


async def _page(
    services: Services, catalogue: Catalogue, definition: CampaignDefinition, recalling: Recalling
) -> Recalling | None:
    ref = recalling.runs[recalling.at]
    rows = await services.indexes.roster(
        definition.journey, ref.run, inside=True, after=recalling.place, limit=PAGE
    )
    meant = [
        row for row in rows if _is_meant(row, recalling, ref, definition, catalogue, services.clock.now())
    ]
    for some in batched(meant, AT_ONCE, strict=False):
        jobs = (Recall(ref.run, row.key, row.enrolment.enrolment_id, recalling.action) for row in some)
        await asyncio.gather(*(post(services.queue, ENTRIES, job) for job in jobs))
    if len(rows) == PAGE:
        return replace(recalling, place=rows[-1].place)
    if recalling.at + 1 < len(recalling.runs):
        return replace(recalling, at=recalling.at + 1, place="")
    if recalling.turn < TURNS:
        later = Instant(services.clock.now() + SECOND_TURN)
        return replace(recalling, at=0, place="", turn=recalling.turn + 1, not_before=later)
    return None


def _is_meant(
    row: RosterRow,
    recalling: Recalling,
    ref: RunRef,
    definition: CampaignDefinition,
    catalogue: Catalogue,
    now: Instant,
) -> bool:
    """Say whether somebody may be meant; the record says whether they are."""
    if recalling.action == "resume":
        return row.enrolment.status == "on-hold"
    if recalling.action == "stop" and definition.on_cancel == "leave":
        return True
    journey = catalogue.journeys.get(row.enrolment.journey)
    gated = journey is not None and journey.limits is not None
    if gated and row.enrolment.results.get(GATE) != GRANTED:
        return True
    return bool(ref.occurrence.local_at) and now < ref.occurrence.begun_everywhere


async def recall(services: Services, job: Recall, trigger: Trigger) -> None:
    """Stop, pause or resume one enrolment, if the campaign still stands so. Raises Unavailable."""
    run = await find_run(services.documents, job.run)
    if run is None:
        return
    definition = (await services.definitions.current()).campaigns.get(run.campaign)
    state, _ = await load_state(services.documents, run.campaign)
    record = (await services.patients.load(job.key)).record
    enrolment = record.enrolments.get(job.enrolment_id)
    if definition is None or enrolment is None or not _applies(job, state, definition, enrolment):
        return
    asked = EnrolmentAsked(enrolment.enrolment_id, job.action, BY, _reason(job, definition))
    await react(services, job.key, [asked], trigger)


def _applies(job: Recall, state: CampaignState, definition: CampaignDefinition, enrolment: Enrolment) -> bool:
    waits = enrolment.step in (SCHEDULED, GATE)
    match job.action:
        case "stop":
            return state.status == "cancelled" and (waits or definition.on_cancel == "leave")
        case "pause":
            return state.status == "paused" and waits and enrolment.status == "active"
        case "resume":
            ours = enrolment.held == "staff" and enrolment.reason == f"paused by {BY}: {definition.title}"
            return state.status in ("running", "done") and ours


def _reason(job: Recall, definition: CampaignDefinition) -> str:
    return f"{definition.title} was cancelled" if job.action == "stop" else definition.title

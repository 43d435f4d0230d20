"""The queue's side of a campaign: bring one person into its journey, once for each run, whatever comes again.

The journey itself takes nobody in twice for the same cause, which is the run. Beyond that, a job that may
come for the second time is looked up in the journey's roster first.
"""

from __future__ import annotations

from shared.catalogue import Catalogue
from shared.errors import Unavailable
from shared.events import EnrolAsked
from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import CampaignState, RunRef
from shared.patient.lost import why_lost
from shared.patient.record import PatientRecord
from shared.usecases.campaigns.documents import find_run, load_state, park, refuse, unpark
from shared.usecases.jobs import EnrolFor
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

CAMPAIGN = "@campaign"
"""Under this name the results of an enrolment hold the run that brought it about."""


async def enrol_for(services: Services, job: EnrolFor, trigger: Trigger) -> None:
    """Bring one person in, unless the campaign has been paused or cancelled meanwhile. Raises Unavailable."""
    run = await find_run(services.documents, job.run)
    state = await _state(services, run.campaign, job) if run is not None else None
    if run is None or state is None or state.status not in ("running", "done"):
        return
    catalogue = await services.definitions.current()
    definition = catalogue.campaigns.get(run.campaign)
    ref = next((each for each in state.runs if each.run == job.run), None)
    if definition is None or ref is None:
        raise Unavailable("the campaign of a run cannot be read")
    if (job.again or trigger.delivery > 1) and await _been(services, definition, job):
        return
    reaction = await react(services, job.key, [asked_for(definition, ref)], trigger)
    if not brought_in(reaction.after, definition.journey, job.run):
        reason = why_not_in(reaction.after, catalogue, definition, services.clock.now())
        await refuse(services.documents, job.run, job.key, reason)


async def _been(services: Services, definition: CampaignDefinition, job: EnrolFor) -> bool:
    return await services.indexes.enrolled(definition.journey, job.run, job.key)


async def _state(services: Services, campaign: str, job: EnrolFor) -> CampaignState:
    """Return how the campaign stands; who comes while it is paused is kept until it is resumed."""
    state, _ = await load_state(services.documents, campaign)
    if state.status == "paused":
        await park(services.documents, job.run, job.key)
        state, _ = await load_state(services.documents, campaign)
        if (
            state.status != "paused"
        ):  # resumed just now: whoever looks for those who are kept may have been here
            await unpark(services.documents, job.run, job.key)
    return state


def asked_for(definition: CampaignDefinition, ref: RunRef) -> EnrolAsked:
    """Return what happens to a patient whose turn it is in a run."""
    return EnrolAsked(
        definition.journey,
        ref.run,
        f"campaign {definition.title}",
        local_at=ref.occurrence.local_at,
        results={CAMPAIGN: ref.run},
    )


def brought_in(record: PatientRecord, journey: str, run: str) -> bool:
    """Say whether the run has brought somebody into the journey (by url), now or before."""
    history = record.history.get(journey)
    inside = any(enrolment.cause == run for enrolment in record.enrolments.values())
    return inside or (history is not None and history.entered_for(run))


def why_not_in(
    record: PatientRecord, catalogue: Catalogue, definition: CampaignDefinition, now: Instant
) -> str:
    """Return why the journey has not taken somebody in."""
    journey = catalogue.journeys.latest(definition.journey)
    if not record.patient_id or record.person is None:
        return "not known here"
    if journey is None or catalogue.journeys.stopped(definition.journey):
        return "the journey is stopped"
    if reason := why_lost(record.person) or journey.admission.why_not(record, now):
        return reason
    if definition.journey in record.history:
        return "has been in the journey before"
    return "its goal is reached, or it would end at once"

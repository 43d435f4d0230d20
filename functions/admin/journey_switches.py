"""Journeys for everybody: pause, resume, stop, and the end of an A/B test."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.journeys import JourneyState, journey_of, version_of
from functions.admin.routes import Routes
from functions.admin.shapes import DefinitionId, Reason, Version, Why
from shared.journey.controls import Controls
from shared.usecases.controls import set_winner
from shared.usecases.journeys.shown import state_of
from shared.usecases.journeys.switched import Verb, switch_journey

routes = Routes("journeys")


class JourneySwitched(BaseModel):
    """How a journey stands now, and for which publication everybody is looked at."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "journey": "6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11",
                    "state": "paused",
                    "changed": True,
                    "publication": "7-0f3c9d2a51b0e7aa",
                    "population": "7-0f3c9d2a51b0e7aa",
                }
            ]
        }
    )

    journey: str
    state: JourneyState
    changed: bool = Field(description="It was not so before")
    publication: str = Field(description="Every instance knows of it within seconds")
    population: str = Field(description="The publication for which everybody is looked at; empty: nobody is")


class Winner(Why):
    """Which way everybody is to take."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"version": "1.0.0", "step": "which-text", "way": "short", "reason": "more came by it"}
            ]
        }
    )

    version: Version
    step: str = Field(max_length=100, description="Id of the step that splits")
    way: str = Field(max_length=100, description="Name of one of its ways")


@routes("pauseJourney")
async def pause_journey(call: TheCall, journey: DefinitionId, why: Why) -> JourneySwitched:
    """Let everybody stand still, nobody be told anything, and who would enter wait."""
    return await _switched(call, "pause", journey, why.reason)


@routes("resumeJourney")
async def resume_journey(call: TheCall, journey: DefinitionId, why: Why) -> JourneySwitched:
    """Let it go on; after a stop, let it take people in again."""
    return await _switched(call, "resume", journey, why.reason)


@routes("stopJourney")
async def stop_journey(call: TheCall, journey: DefinitionId, why: Why) -> JourneySwitched:
    """Make everybody leave at once, call off its messages, and let nobody in."""
    return await _switched(call, "stop", journey, why.reason)


@routes("setWinner")
async def set_a_winner(call: TheCall, journey: DefinitionId, winner: Winner) -> JourneySwitched:
    """Let everybody who comes to a split take one way from now on."""
    catalogue = await call.services.definitions.current()
    found = version_of(catalogue, journey, winner.version)
    before = catalogue.controls.winners.get(found.canonical, {})
    await call.begins("", found.canonical, why=winner.reason, before=before)
    by, why = call.caller.subject, winner.reason
    switched = await set_winner(call.services, found.canonical, winner.step, winner.way, by, why)
    call.changed(switched.controls.winners.get(found.canonical, {}))
    return _told(journey, found.url, switched.controls, switched.version, "", changed=switched.changed)


async def _switched(call: Call, verb: Verb, journey: str, reason: Reason) -> JourneySwitched:
    catalogue = await call.services.definitions.current()
    url = journey_of(catalogue, journey).url
    await call.begins("", url, why=reason, before=state_of(catalogue.controls, url))
    found = await switch_journey(call.services, verb, url, call.caller.subject, reason)
    call.changed(state_of(found.controls, url))
    return _told(journey, url, found.controls, found.version, found.population, changed=found.changed)


def _told(
    journey: str, url: str, controls: Controls, version: str, population: str, *, changed: bool
) -> JourneySwitched:
    return JourneySwitched(
        journey=journey,
        state=state_of(controls, url),
        changed=changed,
        publication=version,
        population=population,
    )

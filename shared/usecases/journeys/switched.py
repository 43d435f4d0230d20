"""Switch a journey for everybody, and have everybody looked at once every instance has heard of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from shared.usecases.controls import Switched, pause_journey, resume_journey, stop_journey
from shared.usecases.populate import start_population
from shared.usecases.services import Services

type Verb = Literal["pause", "resume", "stop"]

_SWITCHES: Mapping[Verb, Callable[[Services, str, str, str], Awaitable[Switched]]] = {
    "pause": pause_journey,
    "resume": resume_journey,
    "stop": stop_journey,
}


async def switch_journey(services: Services, verb: Verb, url: str, by: str, reason: str) -> Switched:
    """Pause, resume or stop a journey. Raises Rejected (no such journey), Conflict, Unavailable."""
    return await looked_at(services, await _SWITCHES[verb](services, url, by, reason))


async def looked_at(services: Services, switched: Switched) -> Switched:
    """Begin to look at everybody; or go on, if whoever threw the switch before did not live to."""
    if switched.population:
        delay = services.hears_after if switched.changed else 0.0
        await start_population(services, switched.population, delay=delay)
    return switched

"""Long work on a journey: play it for the whole population, or move those inside one version to another."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import Response
from pydantic import ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.definitions import Offered
from functions.admin.journeys import journey_of, version_of
from functions.admin.long_work import OperationState, accepted
from functions.admin.problems import Refusal
from functions.admin.routes import Routes, refusal
from functions.admin.shapes import Body, DefinitionId, Version, Why, instant_of
from shared.access.small_cells import sees_people
from shared.fhir.instants import Instant, parse_instant
from shared.usecases.journeys import simulate
from shared.usecases.journeys.migrate import Order, check_order
from shared.usecases.journeys.simulate import MOST_BYTES, Simulated, staged

routes = Routes("journeys")

_FIRST, _LAST = parse_instant("2000-01-01T00:00:00Z"), parse_instant("2100-01-01T00:00:00Z")

type Text = Annotated[str, Field(min_length=1, max_length=200)]
type StepName = Annotated[str, Field(min_length=1, max_length=100)]


class Migration(Why):
    """From which version to which, and where those go whose step has another name there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_version": "1.0.0",
                    "to_version": "1.1.0",
                    "steps": {"old-reminder": "remind"},
                    "reason": "the first text named the wrong clinic",
                    "dry_run": True,
                }
            ]
        }
    )

    from_version: Version
    to_version: Version
    steps: dict[StepName, StepName] = Field(
        {}, max_length=1000, description="Of steps with another name there, old to new; others keep theirs"
    )
    dry_run: bool = Field(False, description="Count what would happen, and write nothing")


class Simulation(Body):
    """Which journey to play, over what time, and what to suppose of people; see docs/simulation.md."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "journey": "6f0c1c0f2b0e5d0c9f1b7f7f3a0d4c11",
                    "days": 90,
                    "assume": {"answered": "0.4"},
                    "price": {"sms": "0.0083"},
                }
            ]
        }
    )

    journey: str = Field(
        "", pattern="^([0-9a-f]{32})?$", description="Id of a published one; or else `definitions`"
    )
    version: str = Field("", max_length=100, description="Of the published one; none: the latest")
    definitions: list[Offered] = Field(
        [],
        max_length=100,
        description="A journey that is not published, first, and what else is not: 300,000 bytes together",
    )
    start: str = Field("", max_length=40, description="When it begins, 2000 to 2100; now without it")
    days: int = Field(90, ge=1, le=366)
    enrol: str = Field(
        "", max_length=500, description="Whom to put in at the start: a segment's url, or everybody"
    )
    arrivals: Literal["none", "recorded", "dated"] = Field(
        "none", description="When resources that are known arrive: all before it begins, or in its course"
    )
    most: int = Field(
        5000, ge=1, le=20_000, description="Patients to play: the first so many keys, a sample of all"
    )
    assume: dict[Text, Text] = Field({}, max_length=100, description="What is supposed, by name")
    price: dict[Text, Text] = Field({}, max_length=10, description="Of one part, by channel")
    seed: str = Field("1", max_length=50, description="The same seed gives the same chance")
    currency: str = Field("USD", max_length=10)


@routes(
    "simulateJourney",
    status=202,
    responses={404: refusal("There is no such journey, version or segment")},
)
async def simulate_journey(call: TheCall, response: Response, simulation: Simulation) -> OperationState:
    """Play it over the stored records on a virtual clock: nothing is written, nobody is told anything."""
    asked = await _simulated(call, simulation)
    await staged(call.services, asked)
    return await accepted(call, response, "simulate-journey", msgspec.to_builtins(asked))


async def _simulated(call: Call, simulation: Simulation) -> Simulated:
    if bool(simulation.journey) == bool(simulation.definitions):
        raise Refusal(422, "which-journey", "name a published journey, or send definitions: one of them")
    canonical = ""
    if simulation.journey:
        catalogue = await call.services.definitions.current()
        canonical = version_of(catalogue, simulation.journey, simulation.version).canonical
    documents = tuple(
        simulate.Offered(each.kind, each.where or f"definitions[{n}]", each.content)
        for n, each in enumerate(simulation.definitions)
    )
    if len(msgspec.json.encode(documents)) > MOST_BYTES:
        raise Refusal(413, "too-large", f"the definitions have more than {MOST_BYTES} bytes as JSON")
    return Simulated(
        start=_start(call, simulation.start),
        days=simulation.days,
        journey=canonical,
        documents=documents,
        enrol=simulation.enrol,
        arrivals=simulation.arrivals,
        most=simulation.most,
        assume=dict(simulation.assume),
        price=dict(simulation.price),
        seed=simulation.seed,
        currency=simulation.currency,
        sees_people=sees_people(call.caller),
    )


def _start(call: Call, text: str) -> Instant:
    if not text:
        return call.services.clock.now()
    start = instant_of(text, "body.start")
    if not _FIRST <= start <= _LAST:
        raise Refusal(422, "bad-instant", "body.start must be from 2000 to 2100")
    return start


@routes("migrateJourney", status=202)
async def migrate_journey(
    call: TheCall, response: Response, journey: DefinitionId, migration: Migration
) -> OperationState:
    """Let those who are in one version go on in another, at the same step; whoever cannot stays."""
    catalogue = await call.services.definitions.current()
    order = Order(
        journey=journey_of(catalogue, journey).url,
        from_version=migration.from_version,
        to_version=migration.to_version,
        steps=dict(migration.steps),
        reason=migration.reason,
        dry_run=migration.dry_run,
        catalogue=catalogue.version,
    )
    check_order(catalogue, order)
    await call.begins("", order.of, order.to, why=order.reason, before=order.of)
    state = await accepted(call, response, "migrate-journey", msgspec.to_builtins(order))
    call.changed(order.of if order.dry_run else order.to)
    return state

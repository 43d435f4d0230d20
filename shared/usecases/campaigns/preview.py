"""Who would get what and when: a campaign's audience, each with the real decide on the stored record.

Nothing is written. The pace says when each would be asked; what changes in the meantime, nobody knows.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator

from msgspec import Struct, field

from shared.catalogue import Catalogue
from shared.errors import Invalid, Problem, Rejected
from shared.fhir.instants import Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import RunRef, coming, run_ref
from shared.journey.pace import ENDLESS, Door, Pace
from shared.patient.record import PatientRecord
from shared.ports import Entry
from shared.usecases.admitted import load_admitted
from shared.usecases.campaigns.audience import Audience, Turn, audience_now
from shared.usecases.campaigns.documents import Run, load_run, load_state
from shared.usecases.campaigns.foresight import Foreseen, foresee
from shared.usecases.campaigns.judge import why_not_now
from shared.usecases.free_slots import free_slots
from shared.usecases.room import invited
from shared.usecases.services import Services

PAGE = 100
_REFERENCE = re.compile(r"\b([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]+")
"""Reasons are counted alike whichever Consent it is that denies."""


class Totals(Struct):
    """What a preview comes to; it grows as one goes through it."""

    looked_at: int = 0
    invited: int = 0
    channels: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    first: Instant | None = None
    last: Instant | None = None

    def add(self, seen: Foreseen) -> None:
        """Count one patient."""
        self.looked_at += 1
        if seen.message_at is None:
            self.left_out[_REFERENCE.sub(r"\1", seen.why_not)] += 1
            return
        self.invited += 1
        self.channels[seen.channel] += 1
        self.languages[seen.language] += 1
        self.first = seen.message_at if self.first is None else min(self.first, seen.message_at)
        self.last = seen.message_at if self.last is None else max(self.last, seen.message_at)


class Plan(Struct, frozen=True):
    """What a preview is of: the run that is under way, or the next."""

    ref: RunRef
    run: Run
    audience: Audience
    begins: Instant


async def plan(services: Services, definition: CampaignDefinition) -> Plan:
    """Find the run that a preview is of. Raises Rejected where none is to come, Invalid, Unavailable."""
    catalogue = await services.definitions.current()
    check_names(catalogue, definition)
    state, _ = await load_state(services.documents, definition.canonical)
    audience, now = await audience_now(services, catalogue, definition), services.clock.now()
    if state.runs:
        run, _ = await load_run(services.documents, state.runs[-1], definition.canonical)
        if run.finished is None:
            return Plan(state.runs[-1], run, audience, now)
    occurrence = coming(state, definition, now, services.zone)
    if occurrence is None:
        raise Rejected("the campaign does not run any more", "no-run")
    ref = run_ref(definition.canonical, occurrence)
    begins = max(now, occurrence.begins)
    return Plan(ref, Run(ref.run, definition.canonical, begins), audience, begins)


def check_names(catalogue: Catalogue, definition: CampaignDefinition) -> None:
    """See that the journey is published: a file may be previewed before it is. Raises Invalid."""
    if catalogue.journeys.latest(definition.journey) is None:
        told = f"there is no journey {definition.journey}"
        raise Invalid((Problem("journey", told, "a published journey"),))


async def preview(
    services: Services, definition: CampaignDefinition, made: Plan, most: int | None = None
) -> AsyncIterator[Foreseen]:
    """Walk the audience in the order of their turns, at most `most` of them. Raises Unavailable, Rejected."""
    catalogue = await services.definitions.current()
    doors = await _doors(services, catalogue, definition, made)
    cursor, left = made.run.cursor, ENDLESS if most is None else most
    while left > 0 and (turns := await made.audience.page(cursor, min(PAGE, left))):
        records = await asyncio.gather(*(services.patients.load(turn.key) for turn in turns))
        for turn, stored in zip(turns, records, strict=True):
            yield doors.foresee(turn, stored.record)
        cursor, left = turns[-1].key, left - len(turns)


class _Doors:
    """The campaign's own pace, and that of the gate before its journey; each patient passes both."""

    def __init__(
        self, catalogue: Catalogue, definition: CampaignDefinition, made: Plan, own: Door, gate: Door
    ) -> None:
        self._catalogue = catalogue
        self._definition = definition
        self._made = made
        self._own = own
        self._gate = gate

    def foresee(self, turn: Turn, record: PatientRecord) -> Foreseen:
        if turn.why_not:
            return Foreseen(turn.key, record.patient_id, why_not=turn.why_not)
        made = self._made
        reason = why_not_now(record, self._catalogue, self._definition, made.ref, made.begins)
        if reason:  # whoever is not let in takes no place
            return Foreseen(turn.key, record.patient_id, made.begins, reason)
        at = self._own.passes(made.begins)
        if at is None:
            return Foreseen(
                turn.key, record.patient_id, why_not="no room: the pace's limit, or no free slot yet"
            )
        return foresee(record, self._catalogue, self._definition, made.ref, at, self._gate.passes)


async def _doors(
    services: Services, catalogue: Catalogue, definition: CampaignDefinition, made: Plan
) -> _Doors:
    journey = catalogue.journeys.latest(definition.journey)
    limits = journey.limits if journey is not None else None
    admitted, _ = await load_admitted(services.documents, definition.journey)
    zone = services.zone
    own = Door(definition.pace, made.run.granted, zone, await _slots(services, definition, definition.pace))
    gate = Door(limits, admitted.granted, zone, await _slots(services, definition, limits))
    async for entry in _before_the_gate(services, definition.journey):
        gate.passes(entry.asked)
    return _Doors(catalogue, definition, made, own, gate)


async def _before_the_gate(services: Services, journey: str) -> AsyncIterator[Entry]:
    """Walk those who wait before the journey already: they go first."""
    last: Entry | None = None
    while page := await services.indexes.entries(journey, last, 1000):
        for entry in page:
            yield entry
        last = page[-1]


async def _slots(services: Services, definition: CampaignDefinition, pace: Pace | None) -> int:
    """Return how many more invitations the free slots bear now."""
    if pace is None or pace.capacity is None:
        return ENDLESS
    opened = len([row async for row in invited(services, definition.journey)])
    free = await free_slots(services, pace.capacity, services.clock.now(), ENDLESS)
    return pace.capacity.room(free, opened)

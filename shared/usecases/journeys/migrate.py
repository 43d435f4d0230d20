"""Move those who are inside one version of a journey to another, as long work over the roster.

Each is moved by the ordinary loop, so that a message is sent once whatever crashes: who is in the new version
already is left alone. A dry run decides the same for each record and writes nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from itertools import batched
from typing import Any

import msgspec
from msgspec import Struct, field

from shared.catalogue import Catalogue
from shared.decide import decide_all
from shared.errors import Rejected
from shared.events import MigrationAsked
from shared.fhir.canonical import canonical
from shared.journey.compile import CompiledJourney
from shared.journey.migrating import why_not
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment
from shared.ports import RosterRow, Stored
from shared.usecases.operations.running import Progress
from shared.usecases.operations.written import LongWork
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

PAGE = 200
"""Rows of the roster that are read at once."""
AT_ONCE = 8
"""Patients that are moved at once."""
MOST_REASONS = 40
"""Told each by its words; the others together."""


class Order(Struct, frozen=True):
    """What is asked for."""

    journey: str
    """Url."""
    from_version: str
    to_version: str
    steps: dict[str, str] = {}
    """Where those go who stand at a step that has another name there, old to new."""
    reason: str = ""
    dry_run: bool = False
    catalogue: str = ""
    """Version of the catalogue that it was asked for by: whoever does it knows that one, or a newer."""

    @property
    def of(self) -> str:
        """Return the canonical name of the version they are in."""
        return canonical(self.journey, self.from_version)

    @property
    def to(self) -> str:
        """Return the canonical name of the version to go on in."""
        return canonical(self.journey, self.to_version)


class Tally(Struct):
    """What came of it, or would; of those whom a crash interrupted, some may be missing from it."""

    looked_at: int = 0
    """Enrolments that go on, of all versions."""
    meant: int = 0
    """Those of them in the old version."""
    moved: int = 0
    left: int = 0
    """Moved, and out at once: the new version's goal or exit says so."""
    on_hold: int = 0
    """Moved, and on hold there; those whom something held before are among them."""
    messages: int = 0
    """That the move itself asks for: of those whom it takes to a step that sends."""
    not_moved: dict[str, int] = field(default_factory=dict)
    """By the reason."""

    def stays(self, reason: str) -> None:
        """Count one who is not moved."""
        self.not_moved[reason] = self.not_moved.get(reason, 0) + 1


class Place(Struct, frozen=True):
    """Where to go on after a crash, and what was counted up to there."""

    after: str = ""
    tally: Tally = field(default_factory=Tally)


def check_order(catalogue: Catalogue, order: Order) -> tuple[CompiledJourney, CompiledJourney]:
    """Return both versions. Raises Rejected where the move makes no sense for anybody."""
    journeys = catalogue.journeys
    old, new = journeys.get(order.of), journeys.get(order.to)
    if old is None or new is None:
        raise Rejected("both versions must be published", "unknown-version")
    if old is new:
        raise Rejected("from one version to another, not to the same", "same-version")
    if journeys.stopped(order.journey):
        raise Rejected("the journey is stopped: nobody is inside", "stopped")
    _check_names(old, new, order.steps)
    latest = journeys.latest(order.journey)
    if latest is not None and latest is not new and latest.on_publish.those_inside != "finish":
        told = (
            f"version {latest.version} says what becomes of those inside an older one: only it can be chosen"
        )
        raise Rejected(told, "not-the-latest")
    return old, new


def _check_names(old: CompiledJourney, new: CompiledJourney, names: Mapping[str, str]) -> None:
    for was, to in names.items():
        if was not in old.steps or was.startswith("@"):
            raise Rejected(f"version {old.version} has no step {was}", "unknown-step")
        if to not in new.steps or to.startswith("@"):
            raise Rejected(f"version {new.version} has no step {to}", "unknown-step")


async def migrate_journey(services: Services, work: LongWork, progress: Progress) -> dict[str, Any]:
    """Go through the roster of those inside. Raises Rejected, and Unavailable to go on from its place."""
    order = msgspec.convert(work.params, Order)
    check_order(await services.definitions.current(order.catalogue), order)
    place = msgspec.json.decode(work.place, type=Place) if work.place else Place()
    tally = place.tally
    while rows := await services.indexes.roster(order.journey, inside=True, after=place.after, limit=PAGE):
        for some in batched(rows, AT_ONCE, strict=False):
            meant = [row for row in some if row.enrolment.journey == order.of]
            await asyncio.gather(*(_one(services, work, order, row, tally) for row in meant))
            tally.looked_at += len(some)
            place = Place(some[-1].place, tally)
            await progress.tell(tally.looked_at, phase="moving", place=msgspec.json.encode(place).decode())
        if len(rows) < PAGE:
            break
    return _told(order, tally)


async def _one(services: Services, work: LongWork, order: Order, row: RosterRow, tally: Tally) -> None:
    stored = await services.patients.load(row.key)
    held = stored.record.enrolments.get(row.enrolment.enrolment_id)
    if held is None or held.journey != order.of:  # over, or moved: the roster is behind
        return
    catalogue = await services.definitions.current(stored.record.catalogue)
    _, new = check_order(catalogue, order)
    tally.meant += 1
    if reason := why_not(held, new, catalogue.journeys, order.steps):
        tally.stays(reason)
        return
    asked = MigrationAsked(held.enrolment_id, order.of, order.to, work.by, order.reason, order.steps)
    before, after = await _happen(services, work, order, stored, asked, catalogue)
    _count(tally, held, before, after)


async def _happen(
    services: Services,
    work: LongWork,
    order: Order,
    stored: Stored,
    asked: MigrationAsked,
    catalogue: Catalogue,
) -> tuple[PatientRecord, PatientRecord]:
    if order.dry_run:
        decision = decide_all(stored.record, [asked], catalogue, services.clock.now())
        return stored.record, decision.record
    trigger = Trigger(f"{work.operation}-{asked.enrolment_id}")
    reaction = await react(services, stored.record.key, [asked], trigger, held=stored)
    return reaction.before, reaction.after


def _count(tally: Tally, held: Enrolment, before: PatientRecord, after: PatientRecord) -> None:
    found = after.enrolments.get(held.enrolment_id)
    if found is not None and found.journey == held.journey:
        tally.stays("it changed in the meantime")
        return
    tally.moved += 1
    tally.left += found is None
    tally.on_hold += found is not None and found.status == "on-hold"
    fresh = (m for name, m in after.messages.items() if name not in before.messages)
    tally.messages += sum(message.enrolment_id == held.enrolment_id for message in fresh)


def _told(order: Order, tally: Tally) -> dict[str, Any]:
    shown = dict(Counter(tally.not_moved).most_common(MOST_REASONS))
    rest = sum(tally.not_moved.values()) - sum(shown.values())
    told = msgspec.to_builtins(tally) | {"not_moved": shown | ({"other reasons": rest} if rest else {})}
    return {"from": order.of, "to": order.to, "dry_run": order.dry_run, **told}

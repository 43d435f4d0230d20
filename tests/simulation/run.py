"""One run by its seed: a storm, judged; or a calm history, with and without faults, compared."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.engagement import ENGAGEMENT
from shared.patient.record import PatientRecord
from tests.simulation import invariants, outward
from tests.simulation.doubt import in_doubt
from tests.simulation.faults import Faults
from tests.simulation.happenings import Phase
from tests.simulation.hospital import START, Hospital
from tests.simulation.play import Player
from tests.simulation.world import World

UNEQUAL = frozenset(
    {"deferred", "refused", "lost", "fhir.read:before unavailable", "fhir.read:after unavailable"}
)
"""Faults that may truly change the outcome, as a message waits: left out where runs are compared."""


@dataclass
class Outcome:
    """What came of a run."""

    world: World
    broken: list[str]


def storm(seed: int, phases: int = 12, steps: int = 60) -> Outcome:
    """Run everything at once, with faults of all kinds, until it comes to rest."""
    choices = Random(f"storm {seed}")
    faults = Faults(choices, rate=choices.choice((0.0, 0.01, 0.03, 0.08)))
    faults.crash_share = choices.choice((0.2, 0.5, 0.9))
    world = World(choices, faults, START)
    player = Player(world)
    player.storm(Hospital(seed).history(phases, calm=False), steps)
    return Outcome(world, invariants.broken(world, player.catalogue()))


def calm(seed: int, history: tuple[Phase, ...], faults: Faults) -> Outcome:
    """Run a history in which the outcome does not depend on who comes first."""
    faults.without = UNEQUAL
    world = World(Random(f"calm {seed}"), faults, START)
    player = Player(world)
    player.calm(history)
    return Outcome(world, invariants.broken(world, player.catalogue()))


def compare(undisturbed: World, disturbed: World) -> list[str]:
    """Return how two runs of one history differ where they must not.

    What a message brought about is not known where its outcome is not: engagement is compared where all are,
    and patients of whom nobody is in doubt (tests.simulation.doubt).
    """
    found: list[str] = []
    doubtful = in_doubt(disturbed)
    one, other = invariants.records(undisturbed.outside), invariants.records(disturbed.outside)
    engaged = not any(m.status == "unknown" for m in invariants.rows(disturbed.outside).values())
    for patient in sorted({*one, *other}):
        if patient not in one or patient not in other:
            found.append(f"{patient} has a record in one run only")
            continue
        if one[patient].key in doubtful:
            continue
        found += _records(patient, one[patient], other[patient], engaged)
        found += _stories(patient, undisturbed, disturbed, one[patient].key)
    found += () if doubtful else outward.differences(undisturbed.outside, disturbed.outside)
    return found + _messages(undisturbed, disturbed, doubtful)


def _records(patient: str, one: PatientRecord, other: PatientRecord, engaged: bool) -> list[str]:
    names = ("person", "memberships", "enrolments", "opt_outs", "history")
    found = [
        f"{patient}.{name}: {getattr(one, name)} undisturbed, {getattr(other, name)} disturbed"
        for name in names
        if getattr(one, name) != getattr(other, name)
    ]
    before, after = _facts(one, engaged), _facts(other, engaged)
    found += (
        f"{patient}: {name} is {before.get(name)} undisturbed, {after.get(name)} disturbed"
        for name in sorted({*before, *after})
        if not _alike(before.get(name), after.get(name))
    )
    if sorted(one.contacts) != sorted(other.contacts):
        found.append(f"{patient}.contacts: {one.contacts}, {other.contacts}")
    return found


def _facts(record: PatientRecord, engaged: bool) -> dict[str, object]:
    """Return the facts by reference; of one that is gone only its version, as nobody reads more of it.

    What journeys wrote may have been written twice, or later, and a message may have had to wait some seconds
    for a row of an index: they say the same all the same.
    """
    facts = (fact for fact in record.facts if engaged or fact.resource_type != ENGAGEMENT)
    return {fact.reference: fact.version if fact.gone else _plain(fact) for fact in facts}


def _alike(one: object, other: object) -> bool:
    """Compare facts. Of one that is gone the version may be unknown, "", as its notification named none.

    That is where the server did not show it when it was read: gone it is all the same, at its instant.
    """
    return one == other or (isinstance(one, str) and isinstance(other, str) and "" in (one, other))


def _plain(fact: Fact) -> Fact:
    if fact.resource_type == ENGAGEMENT:
        return replace(fact, updated=Instant(0), start=None, end=None)
    return replace(fact, version="", updated=Instant(0)) if fact.resource_type == outward.OWN else fact


def _stories(patient: str, one: World, other: World, key: str) -> list[str]:
    """Compare the timelines but for what is said about sending."""
    told = [
        sorted(
            (line.at, line.kind, line.text)
            for lines in w.outside.patients._timeline[key]
            for line in lines
            if line.kind != "message"
        )
        for w in (one, other)
    ]
    if told[0] == told[1]:
        return []
    missing = [line for line in told[0] if line not in told[1]]
    extra = [line for line in told[1] if line not in told[0]]
    return [
        f"{patient}'s timeline: missing {missing}, extra {extra}"
        if missing or extra
        else f"{patient}'s timeline repeats lines"
    ]


def _messages(one: World, other: World, doubtful: set[str]) -> list[str]:
    first, second = invariants.rows(one.outside), invariants.rows(other.outside)
    theirs = {name for w in (one, other) for key in doubtful for name in w.outside.patients._messages[key]}
    found: list[str] = []
    for name in sorted({*first, *second} - theirs):
        before, after = first.get(name), second.get(name)
        if before is None or after is None:
            found.append(f"message {name} is in one run only: {before or after}")
            continue
        if after.status == "unknown" and before.status == "completed":
            continue  # invariants.broken sees to it that something befell its sender
        if (before.status, before.delivery, before.to, before.text) != (
            *(after.status, after.delivery, after.to, after.text),
        ):
            found.append(f"message {name}: {before} undisturbed, {after} disturbed")
    return found


def pair(seed: int) -> tuple[list[str], list[World]]:
    """Run a calm history without and with faults; what is broken in either, or differs."""
    history = Hospital(seed).history(10, calm=True)
    undisturbed = calm(seed, history, Faults(Random()))
    choices = Random(f"pair {seed}")
    disturbed = calm(seed, history, Faults(choices, rate=choices.choice((0.003, 0.01, 0.02))))
    found = [f"undisturbed: {what}" for what in undisturbed.broken]
    found += (f"disturbed: {what}" for what in disturbed.broken)
    found += compare(undisturbed.world, disturbed.world)
    return found, [undisturbed.world, disturbed.world]


def crowded(seed: int) -> list[str]:
    """Run a calm history in which commits conflict again and again; which messages end as unknown."""
    faults = Faults(Random(f"crowded {seed}"), rate=0.7, crash_share=0.0, only=frozenset({"conflict"}))
    outcome = calm(seed, Hospital(seed).history(4, calm=True), faults)
    rows = invariants.rows(outcome.world.outside)
    return outcome.broken + [name for name, message in rows.items() if message.status == "unknown"]

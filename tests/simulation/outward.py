"""What must have come of what commits asked to be done outside: all of it, once, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from shared.catalogue import Catalogue
from shared.effects import PostWebhook, WriteResource
from shared.fhir.references import ResourceKey
from shared.patient.record import PatientRecord
from shared.usecases.outside import GIVE_UP
from tests.simulation.process import Outside
from tests.simulation.world import World

OWN = "Task"
"""The type that only journeys write in these histories."""


def held_back(record: PatientRecord, catalogue: Catalogue) -> set[str]:
    """Return what waits in a record until sending is switched on again."""
    posts = {name for name, effect in record.outbox.items() if isinstance(effect, PostWebhook)}
    return set() if catalogue.controls.sending else posts


def broken(world: World, catalogue: Catalogue, records: Iterable[PatientRecord]) -> Iterator[str]:
    """Say what was lost, is not as it was asked for, or was never asked for."""
    held = {name for record in records for name in held_back(record, catalogue)}
    for effect in (effect for name, effect in world.asked.items() if name not in held):
        if isinstance(effect, WriteResource):
            yield from _written(world.outside, effect)
        else:
            yield from _posted(world.outside, effect)
    done = {
        *(f"write|{key}" for key in tasks(world.outside)),
        *(f"post|{name}" for name in posts(world.outside)),
    }
    yield from (f"{name} was done, and nobody asked for it" for name in sorted(done - world.asked.keys()))


def tasks(outside: Outside) -> set[str]:
    """Return the references of what journeys wrote."""
    return {str(key) for key in outside.fhir._versions if key.resource_type == OWN}


def posts(outside: Outside) -> set[str]:
    """Return the ids of what receivers took."""
    return {name for taken in outside.webhooks.received.values() for name in taken}


def _written(outside: Outside, effect: WriteResource) -> Iterator[str]:
    versions = outside.fhir._versions.get(ResourceKey(effect.resource_type, effect.write_id), [])
    if not versions and effect.write_id not in outside.refused:
        yield f"{effect.effect_id} was never written"
    wanted = json.loads(effect.body)
    for _, resource in versions:
        if {name: value for name, value in (resource or {}).items() if name != "meta"} != wanted:
            yield f"{effect.effect_id} is not what was asked for"


def _posted(outside: Outside, effect: PostWebhook) -> Iterator[str]:
    taken = outside.webhooks.received[effect.to].get(effect.post_id)
    if taken is None and effect.post_id not in outside.refused and not _given_up(outside, effect):
        yield f"{effect.effect_id} was never taken"
    if taken not in (None, effect.body):
        yield f"{effect.effect_id} is not what was asked for"


def _given_up(outside: Outside, effect: PostWebhook) -> bool:
    """Say whether it was tried in vain for so long that the product may give it up."""
    tries = outside.tries[effect.post_id]
    return bool(tries) and tries[-1] - tries[0] > GIVE_UP


def differences(one: Outside, other: Outside) -> Iterator[str]:
    """Say what was done outside in one of two runs only."""
    for found in (tasks(one) ^ tasks(other), posts(one) ^ posts(other)):
        yield from (f"{name} was done in one run only" for name in sorted(found))

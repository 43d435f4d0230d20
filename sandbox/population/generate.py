"""A small population, made up and always the same: what `hearthline run` loads when no folder is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from sandbox.population.clinical import history
from sandbox.population.people import parent, someone
from sandbox.population.places import places

type Resource = dict[str, object]

PATIENTS = 40
SEED = 5
TODAY = date(2026, 3, 2)


def generate(patients: int = PATIENTS, seed: int = SEED, today: date = TODAY) -> Iterator[Resource]:
    """Give FHIR R4 resources, each after those that it refers to; nothing in them lies after `today`.

    A larger population begins with the same people as a smaller one.
    """
    yield from places()
    for number in range(1, patients + 1):
        chance = Random(f"{seed}:{number}")
        person = someone(number, chance, today)
        yield person.patient
        if person.age < 18:
            yield parent(number, person, chance)
        yield from history(person, chance)

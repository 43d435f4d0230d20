"""Conditions of journeys: evaluated as a resource arrives; nothing older is read again for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.adapters.memory_fhir import MemoryFhir
from shared.catalogue import Document
from shared.events import DefinitionsPublished, ResourceChanged
from shared.fhir.project import project
from shared.fhir.references import ResourceKey
from shared.patient.record import patient_key
from shared.ports import FhirRead
from shared.queues import CHANGES
from shared.usecases.jobs import Change
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.recover import reconcile
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.take_in import take_in
from tests.unit.memory_kit import HIGH, Resource, Time, in_memory, person, result, segments, server

BASE = "https://hearthline.example"
BEDSIDE = "method.text = 'point of care'"


def journey(version: str = "1", condition: str = BEDSIDE, **more: Any) -> Document:
    change = {"type": "Observation", "condition": condition, **more}
    steps = [{"id": "done", "kind": "exit", "reason": "seen"}]
    body = {"url": f"{BASE}/journeys/bedside", "version": version, "title": "Bedside"}
    body |= {"trigger": {"fhir_change": change}, "re_entry": "after-exit", "steps": steps}
    return Document("journey", f"bedside-{version}.yaml", body)


def bedside(result_id: str = "o", **more: object) -> Resource:
    return {**result(result_id, "ann", 8), "method": {"text": "point of care"}, **more}


class Reads:
    """Counts what is read of the server."""

    def __init__(self, fhir: MemoryFhir, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[ResourceKey] = []
        inner = fhir.read

        async def read(key: ResourceKey) -> FhirRead:
            self.keys.append(key)
            return await inner(key)

        monkeypatch.setattr(fhir, "read", read)


@pytest.fixture
async def services() -> Services:
    """Know ann, with a result from before there was any journey."""
    made = in_memory(Time())
    await segments(made)
    await server(made).update(person("ann"))
    await server(made).update(bedside("old"))
    await take_in(made, "ann")
    return made


async def arrives(services: Services, resource: Mapping[str, Any]) -> None:
    await server(services).update(resource)
    change = Change(resource["resourceType"], resource["id"])
    await take_change(services, change, Trigger(f"{resource['id']}-{services.clock.now()}"))


async def entries(services: Services) -> int:
    lines = await services.patients.timeline(patient_key("ann"))
    return sum(line.text.startswith("Entered Bedside") for line in lines)


async def test_what_arrives_is_asked_and_only_what_fits_enters(services: Services) -> None:
    await publish(services, (journey(),))
    await arrives(services, result("plain", "ann", 8))
    assert await entries(services) == 0
    await arrives(services, bedside())
    assert await entries(services) == 1


async def test_nothing_old_is_read_again(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments ask no more than before: records are as good as they were, and nobody need be looked at."""
    before = await services.definitions.current()
    published = await publish(services, (journey(),))
    after = await services.definitions.current()
    assert after.lens.digest == before.lens.digest
    assert after.arrivals.digest != before.arrivals.digest
    assert published.population != published.version
    reads = Reads(server(services), monkeypatch)
    await react(services, patient_key("ann"), [DefinitionsPublished()], Trigger("look"))
    await reconcile(services)
    assert reads.keys == []
    assert CHANGES not in services.queue.waiting()
    assert await entries(services) == 0


async def test_what_was_not_looked_at_did_not_fit_before(services: Services) -> None:
    """The old result has no mark: its next version counts as the first that fits."""
    await publish(services, (journey(),))
    await arrives(services, bedside("old", note=[{"text": "again"}]))
    assert await entries(services) == 1
    await arrives(services, bedside("old", note=[{"text": "and again"}]))
    assert await entries(services) == 1


async def test_a_change_that_was_read_before_the_condition_was_known_is_read_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance that has not yet heard of the journey hands over what it did not look at for it."""
    catalogue = await services.definitions.current()
    await server(services).update(bedside())
    found = (await server(services).read(ResourceKey("Observation", "o"))).resource
    assert found is not None
    told = project(found, lens=catalogue.arrivals).content
    await publish(services, (journey(),))
    reads = Reads(server(services), monkeypatch)
    await react(services, patient_key("ann"), [ResourceChanged(told)], Trigger("late"))
    assert await entries(services) == 1
    assert reads.keys == [ResourceKey("Observation", "o")]
    await react(services, patient_key("ann"), [ResourceChanged(told)], Trigger("later"))
    assert await entries(services) == 1
    assert len(reads.keys) == 1


async def test_conditions_of_waits_and_of_older_versions_are_looked_for_too(services: Services) -> None:
    wait = {
        "id": "wait",
        "kind": "wait_for",
        "cases": [
            {"when": {"fhir_change": {"type": "Condition", "condition": "code.exists()"}}, "next": "done"}
        ],
        "timeout": "P1D",
    }
    old = journey()
    old.body["steps"] = [wait, *old.body["steps"]]
    await publish(services, (old,))
    await publish(services, (journey("2"),))
    filters = (await services.definitions.current()).arrivals.filters
    assert filters == {"Observation": {BEDSIDE}, "Condition": {"code.exists()"}}


async def test_both_lenses_look_at_once(services: Services) -> None:
    """A segment and a journey may ask the same of a resource, and each its own."""
    asked = {"has": {"type": "Observation", "fhirpath": "value.exists()", "label": "valued"}}
    body = {"url": f"{HIGH}-marked", "version": "1", "title": "Marked", "criteria": asked}
    await publish(services, (journey(), Document("segment", "marked.yaml", body)))
    await arrives(services, bedside())
    assert await entries(services) == 1
    found = (await services.patients.load(patient_key("ann"))).record
    assert found.memberships[f"{HIGH}-marked"].member
    assert found.lens == (await services.definitions.current()).lens.digest

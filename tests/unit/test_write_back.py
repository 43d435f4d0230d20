"""What we wrote of our messages comes back as a change, a search result or part of a compartment: unheard."""

from __future__ import annotations

import orjson

from shared.effects import WriteResource
from shared.fhir.references import resource_key
from shared.message.communication import write_back
from shared.message.policy import Policy
from shared.patient.record import patient_key
from shared.patient.state import Message
from shared.ports import Stored
from shared.usecases.audit import audit_everyone
from shared.usecases.jobs import Change
from shared.usecases.outside import carry_out
from shared.usecases.react import Trigger
from shared.usecases.recover import search_changes
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.take_in import take_in
from tests.unit.memory_kit import Time, in_memory, person, record, server

ID = "6f2d9a54-2f0b-5c3e-9a54-6b1d0f7c8e21"
POLICY = Policy(write_communications=True)


async def told(services: Services) -> WriteResource:
    """Write the Communication of a message to the server, as the outbox does."""
    await server(services).update(person("ann"))
    await take_in(services, "ann")
    now = services.clock.now()
    message = Message(
        ID, "e", 1, "s", "j|1", "t|1", "sms", "+12065550123", "en", "completed", now, now, text="Hello"
    )
    effect = write_back(await record(services, "ann"), message, "Hello", POLICY)
    assert effect is not None
    assert await carry_out(services, effect) is None
    return effect


async def stored(services: Services) -> Stored:
    return await services.patients.load(patient_key("ann"), "ann")


async def test_it_costs_no_commit_to_hear_of_it():
    """By a notification with and without the body, by a search, by the whole compartment."""
    services = in_memory(Time())
    effect = await told(services)
    before = await stored(services)
    pushed = orjson.loads(effect.body) | {"meta": orjson.loads(effect.body)["meta"] | {"versionId": "1"}}
    for change in (Change("Communication", ID, "1"), Change("Communication", ID, "1", resource=pushed)):
        await take_change(services, change, Trigger("heard"))
    assert await search_changes(services, "Communication", None) == 0
    await take_in(services, "ann")
    after = await stored(services)
    assert after == before
    assert [fact.reference for fact in after.record.facts] == []


async def test_an_audit_misses_nothing():
    services = in_memory(Time())
    await told(services)
    services.clock.passes(3_600_000_000)  # type: ignore[attr-defined] # a clock set by hand
    found = await audit_everyone(services, repair=False)
    assert (found.looked_at, found.differed) == (1, 0)


async def test_what_is_known_later_is_written_over_it():
    services = in_memory(Time())
    effect = await told(services)
    assert await carry_out(services, effect) is None
    found = await services.fhir.read(resource_key("Communication", ID))
    assert found.version == "2"

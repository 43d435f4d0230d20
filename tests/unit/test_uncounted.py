"""A trigger that a crash ended comes back uncounted, as in a session of Service Bus, and is known anyway."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cli.definitions import read_definitions
from functions.listening import Delivery
from functions.serving import carry_out
from sandbox.play import resources as make
from shared.errors import Unavailable
from shared.events import EnrolAsked
from shared.message.outbound import Accepted, OutboundMessage
from shared.message.policy import Policy
from shared.queues import CHANGES, OUTBOX
from shared.usecases.jobs import Change, Job, encode_job
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from shared.usecases.sweep import sweep
from shared.usecases.take_change import take_change
from tests.unit.crash_kit import Crash, Fragile
from tests.unit.memory_kit import Time, in_memory, record, server
from tests.unit.test_outside import HOOK, JOURNEY, KEY, Stage

POLICY = Policy(zone="America/New_York")
CHANGE = Change("Observation", "p-hba1c-1")
BACK = Trigger("t", 1, uncounted=True)
"""The same message again, its first delivery for all that the queue says."""


class Provider:
    """Takes every message, and knows how often."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def send(self, message: OutboundMessage) -> Accepted:
        self.taken.append(message.message_id)
        return Accepted(f"provider-{len(self.taken)}")


async def in_force() -> Services:
    """Publish the shipped definitions."""
    services = in_memory(Time())
    await publish(services, read_definitions())
    return services


async def clinic(shelf: Services) -> tuple[Services, Provider]:
    """Have a patient whose new result leads to one message, with what is on the shelf in force."""
    clock, provider = Time(), Provider()
    clock.passes(6 * 3600 * 1_000_000)  # ten in the morning in New York
    services = in_memory(clock)
    services = replace(
        services,
        policy=POLICY,
        channels={"sms": provider},
        documents=shelf.documents,
        definitions=shelf.definitions,
    )
    await server(services).update(make.patient("p", "Ana", "Rivera", "+15555550123"))
    await server(services).update(make.diabetes("p"))
    for resource_type, resource_id in (("Patient", "p"), ("Condition", "p-diabetes")):
        await take_change(services, Change(resource_type, resource_id), Trigger(resource_id))
    await server(services).update(make.hba1c("p", 1, 9.8, clock.now()))
    return services, provider


def dying(services: Services, provider: Provider, calls: int) -> tuple[Services, list[int]]:
    """Return the services of a process that dies at a call, the provider's among them."""
    left = [calls]
    parts = {name: Fragile(getattr(services, name), left) for name in ("indexes", "queue", "patients")}
    return replace(services, channels={"sms": Fragile(provider, left)}, **parts), left


async def crashed_at(calls: int, shelf: Services) -> tuple[Services, Provider, bool]:
    """Die at a call, and have the message come back; whether there was such a call."""
    services, provider = await clinic(shelf)
    mortal, left = dying(services, provider, calls)
    try:
        await take_change(mortal, CHANGE, Trigger("t", 1, uncounted=True))
    except Crash:
        await take_change(services, CHANGE, BACK)
    return services, provider, left[0] <= 0


async def test_wherever_it_died_nothing_is_left_in_doubt_or_undone() -> None:
    """At each call in turn: what was claimed is settled or unknown, and the outbox is empty, at once."""
    calls, reached, shelf = 0, True, await in_force()
    statuses: set[str] = set()
    while reached:
        calls += 1
        services, provider, reached = await crashed_at(calls, shelf)
        left = await record(services, "p")
        (row,) = await services.patients.messages(left.key)
        assert row.status in {"completed", "unknown"}, (calls, row.status)
        assert left.outbox == {}, calls
        assert len(provider.taken) <= 1, calls
        assert len(provider.taken) == 1 or row.status == "unknown", calls
        statuses.add(row.status)
    assert calls > 8
    assert statuses == {"completed", "unknown"}


async def test_it_leaves_to_others_what_they_are_at() -> None:
    """Of several triggers at one patient only one calls outside, also where another finds nothing to decide.

    That is how the news of what we write comes back, while whoever writes it is still at work.
    """
    stage = Stage(HOOK)
    stage.webhooks.failures.append(Unavailable("away"))
    await stage.begin()
    for _ in range(2):
        await react(stage.services, KEY, [EnrolAsked(JOURNEY, "other", "asked for")], BACK)
        assert stage.webhooks.calls == []
    await sweep(stage.services)
    await stage.retried()
    await stage.retried()
    assert len(stage.webhooks.calls) == 1
    assert (await stage.record()).outbox == {}


@pytest.mark.parametrize("queue", [CHANGES, OUTBOX])
@pytest.mark.parametrize("uncounted", [True, False])
async def test_what_the_transport_says_reaches_the_use_case(
    queue: str, uncounted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Trigger] = []

    async def no_services() -> Services:
        return in_memory(Time())

    async def note(_: object, job: Job, trigger: Trigger) -> None:
        seen.append(trigger)

    monkeypatch.setattr("functions.serving.services", no_services)
    await carry_out(Delivery(queue, "m", 2, encode_job(CHANGE), uncounted=uncounted), note)
    assert seen == [Trigger("m", 2, uncounted)]

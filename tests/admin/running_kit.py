"""What tests of the running system share: a deployment in memory, with queues that gave something up."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.adapters.memory_dead_letters import MemoryDeadLetters
from shared.adapters.poison_memory import MemoryPoison
from shared.adapters.sealing import SettingSeals
from shared.config import Settings
from shared.fhir.instants import Instant, parse_instant
from shared.ports import PoisonMessage, QueueState
from shared.queues import OPERATIONS
from shared.settings_shown import settings_shown
from shared.usecases.deployment import Deployment, SendersFound
from shared.usecases.jobs import Operate, decode_job
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from shared.usecases.services import Services
from shared.usecases.sources.notifying import NotifyingSources
from tests.admin.admin_kit import Desk

SINCE = parse_instant("2026-03-02T08:00:00Z")
SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "HEARTHLINE_FHIR_URL": "https://fhir.example",
    "HEARTHLINE_LINK_SECRETS": json.dumps(["a-secret-that-nobody-may-ever-see-1"]),
}


class Queues(Struct):
    """QueueWatch that tells what a test says."""

    poison: int = 0
    oldest: float | None = None

    async def look(self, queues: Collection[str]) -> tuple[QueueState, ...]:
        """See QueueWatch.look."""
        return tuple(QueueState(queue, 0, self.oldest, self.poison) for queue in queues)


class Place(Struct):
    """A deployment in memory, and what tests put into it."""

    poison: MemoryPoison
    dead_letters: MemoryDeadLetters
    queues: Queues
    senders: list[str]

    def gives_up(self, letter_id: str, body: bytes, queue: str = "changes", since: Instant = SINCE) -> None:
        """Let a queue give up a message."""
        self.poison.give_up(PoisonMessage(queue, letter_id, body, since, 8, "MaxDeliveryCountExceeded"))


def deployed(desk: Desk) -> Place:
    """Give the services of a desk a deployment."""
    place = Place(MemoryPoison(), MemoryDeadLetters(), Queues(), [])

    async def senders() -> SendersFound:
        return SendersFound(tuple(place.senders))

    deployment = Deployment(
        settings=lambda: settings_shown(Settings.model_validate(SETTINGS)),
        poison=place.poison,
        watch=place.queues,
        dead_letters=place.dead_letters,
        senders=senders,
    )
    sources = NotifyingSources(
        desk.services.documents, (), SettingSeals(["a secret of thirty-two bytes or more"]), desk.clock
    )
    desk.services = replace(desk.services, deployment=deployment, sources=sources)
    return place


async def done(services: Services) -> None:
    """Carry out the long work that stands on the queue."""
    letters = services.queue.queues[OPERATIONS]  # type: ignore[attr-defined]
    while letters:
        job = decode_job(letters.popleft().body)
        assert isinstance(job, Operate)
        await carry_on(services, job, does)


async def result(desk: Desk, started: Any, by: str = "") -> dict[str, Any]:
    """Carry out what an answer says was started; how it ended."""
    assert started.status_code == 202, started.text
    await done(desk.services)
    path = started.headers["Location"].removeprefix("/api/admin/v1")
    ended: dict[str, Any] = (await desk.call("GET", path, by=by)).json()
    return ended

"""A hospital in memory with something of everything that the admin API tells of."""

from __future__ import annotations

from dataclasses import dataclass

from shared.usecases.jobs import Change, encode_job
from shared.usecases.operations.running import start
from shared.usecases.sources.editing import Wanted, create
from tests.admin.admin_kit import Desk
from tests.admin.running_kit import deployed
from tests.unit.memory_kit import Time
from tests.unit.privacy_kit import ANN, lived

DEAD_LETTER = "topic/hearthline/2026/3/2/9/a.json"


@dataclass
class World:
    """The API, and the ids of what there is, by the name that paths give them."""

    desk: Desk
    known: dict[str, str]


async def made() -> World:
    """Take in two people, publish definitions, let things happen."""
    clock = Time()
    desk = Desk(await lived(clock), clock)
    await _running(desk)
    work = await start(desk.services, "count", "fuzz", {}, "of the world")
    (enrolment, *_) = (await desk.services.patients.load(ANN)).record.enrolments
    (message, *_) = await desk.services.patients.messages(ANN)
    known = {
        "patient": ANN,
        "operation": work.operation,
        "enrolment": enrolment,
        "message": message.message_id,
        "queue": "changes",
        "source": "medplum",
        "dead_letter": DEAD_LETTER.replace("/", "~"),
    }
    return World(desk, known)


async def _running(desk: Desk) -> None:
    """Let queues and Event Grid have given something up, and a source be configured."""
    place = deployed(desk)
    place.gives_up("m1", encode_job(Change("Observation", "o1", "2")))
    await place.dead_letters.write(DEAD_LETTER, b'[{"id": "e1", "eventType": "x"}]')
    wanted = Wanted(["medplum"], [{"kind": "hmac"}])
    await create(desk.services, "medplum", wanted, "somebody")

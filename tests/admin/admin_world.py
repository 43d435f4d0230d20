"""A hospital in memory with something of everything that the admin API tells of."""

from __future__ import annotations

from dataclasses import dataclass

from shared.usecases.operations.running import start
from tests.admin.admin_kit import Desk
from tests.unit.memory_kit import Time
from tests.unit.privacy_kit import ANN, lived


@dataclass
class World:
    """The API, and the ids of what there is, by the name that paths give them."""

    desk: Desk
    known: dict[str, str]


async def made() -> World:
    """Take in two people, publish definitions, let things happen."""
    clock = Time()
    desk = Desk(await lived(clock), clock)
    work = await start(desk.services, "count", "fuzz", {}, "of the world")
    (enrolment, *_) = (await desk.services.patients.load(ANN)).record.enrolments
    (message, *_) = await desk.services.patients.messages(ANN)
    known = {
        "patient": ANN,
        "operation": work.operation,
        "enrolment": enrolment,
        "message": message.message_id,
        "queue": "changes",
    }
    return World(desk, known)

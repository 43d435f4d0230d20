"""A hospital in memory with something of everything that the admin API tells of."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from functions.admin.shapes import definition_id
from shared.adapters.happened_log import FiledLog
from shared.adapters.happened_memory import MemoryHappenedFiles
from shared.catalogue import Document
from shared.usecases.drafts.kept import Draft, create_draft
from shared.usecases.jobs import Change, encode_job
from shared.usecases.operations.running import start
from shared.usecases.publish import publish
from shared.usecases.sources.editing import Wanted, create
from tests.admin.admin_kit import Desk
from tests.admin.running_kit import deployed
from tests.unit.memory_kit import HIGH, Time
from tests.unit.privacy_kit import ANN, JOURNEY, lived

DRAFT = "6c1d1de8-6e6c-5f0a-8d44-0f5d6a4c2b11"
_SET = "https://hearthline.example/valuesets/few"
_CODES = {
    "resourceType": "ValueSet",
    "url": _SET,
    "version": "1",
    "expansion": {"contains": [{"system": "urn:x", "code": "a"}]},
}
_CAMPAIGN = {
    "url": "https://hearthline.example/campaigns/call",
    "version": "1",
    "title": "Call",
    "journey": JOURNEY,
    "audience": {"in": [HIGH]},
    "schedule": {"start": "2026-03-02T09:00:00Z"},
}
DEAD_LETTER = "topic/hearthline/2026/3/2/9/a.json"


@dataclass
class World:
    """The API, and the ids of what there is, by the name that paths give them."""

    desk: Desk
    known: dict[str, str]


async def made() -> World:
    """Take in two people, publish definitions, let things happen."""
    clock = Time()
    desk = Desk(replace(await lived(clock), happened=FiledLog(MemoryHappenedFiles())), clock)
    await _running(desk)
    await _defined(desk)
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
        "segment": definition_id("segment", HIGH),
        "journey": definition_id("journey", JOURNEY),
        "value_set": definition_id("valueset", _SET),
        "draft": DRAFT,
        "campaign": definition_id("campaign", f"{_CAMPAIGN['url']}|1"),
        "publication": "latest",
        "dead_letter": DEAD_LETTER.replace("/", "~"),
    }
    return World(desk, known)


async def _defined(desk: Desk) -> None:
    """Publish a value set and a campaign, and let somebody write a draft."""
    services = desk.services
    documents = Document("valueset", "codes.json", _CODES), Document("campaign", "call.yaml", _CAMPAIGN)
    await publish(services, documents)
    now = services.clock.now()
    await create_draft(services.documents, Draft(DRAFT, "segment", {}, ("somebody",), now, now, "somebody"))


async def _running(desk: Desk) -> None:
    """Let queues and Event Grid have given something up, and a source be configured."""
    place = deployed(desk)
    place.gives_up("m1", encode_job(Change("Observation", "o1", "2")))
    await place.dead_letters.write(DEAD_LETTER, b'[{"id": "e1", "eventType": "x"}]')
    wanted = Wanted(["medplum"], [{"kind": "hmac"}])
    await create(desk.services, "medplum", wanted, "somebody")

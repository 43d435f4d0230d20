"""What tests of campaigns share: a clinic in memory, its journey and segments, a queue that is worked off."""

from __future__ import annotations

from typing import Any

from shared.adapters.memory import MemoryQueue
from shared.catalogue import Document
from shared.events import EnrolAsked, EnrolmentAsked, ResourceChanged
from shared.fhir.project import project
from shared.journey.campaign_moves import CampaignState
from shared.patient.record import patient_key
from shared.patient.state import Enrolment
from shared.queues import ENTRIES
from shared.usecases.admission import admit, grant
from shared.usecases.campaigns.documents import load_state
from shared.usecases.campaigns.entry import enrol_for
from shared.usecases.campaigns.moves import move
from shared.usecases.campaigns.recall import recall
from shared.usecases.campaigns.tick import run_campaigns
from shared.usecases.jobs import EnrolFor, Grant, Job, Recall, decode_job
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services
from tests.unit.memory_kit import Time, in_memory, person, record, server

CAMPAIGN = "https://hearthline.example/campaigns/flu"
CANONICAL = f"{CAMPAIGN}|1.0.0"
JOURNEY = "https://hearthline.example/journeys/flu"
DUE = "https://hearthline.example/segments/due"
ADULT = "https://hearthline.example/segments/adult"
FEMALE = "https://hearthline.example/segments/female"
TRIGGER = Trigger("test")
START = "2026-03-02T09:00:00Z"
"""When the clock of the tests begins, and the campaign with it."""


def segment(url: str, criterion: dict[str, Any]) -> Document:
    title = url.rpartition("/")[2]
    return Document(
        "segment", f"{title}.yaml", {"url": url, "version": "1.0.0", "title": title, "criteria": criterion}
    )


def journey(**changes: Any) -> Document:
    steps = [{"id": "wait", "kind": "wait", "duration": "P3D"}, {"id": "out", "kind": "exit"}]
    body = {"url": JOURNEY, "version": "1.0.0", "title": "Influenza", "trigger": {"manual": True}}
    return Document("journey", "flu.yaml", {**body, "re_entry": "after-exit", "steps": steps, **changes})


def campaign(**changes: Any) -> Document:
    body = {
        "url": CAMPAIGN,
        "version": "1.0.0",
        "title": "Influenza",
        "journey": JOURNEY,
        "audience": {"in": [DUE]},
        "schedule": {"start": START},
    }
    return Document("campaign", "campaign.yaml", {**body, **changes})


SEGMENTS = (
    segment(DUE, {"age": {"at_least": 0}}),
    segment(ADULT, {"age": {"at_least": 18}}),
    segment(FEMALE, {"gender": ["female"]}),
)


class Clinic:
    """Patients, a journey, and a campaign that brings them into it."""

    def __init__(self) -> None:
        self.clock = Time()
        self.services = in_memory(self.clock)
        self.refused: list[str] = []

    async def publishes(self, *documents: Document) -> None:
        await publish(self.services, documents)

    async def has(self, count: int, **more: object) -> list[str]:
        """Register patients; their names in the order of their keys."""
        names = sorted((f"p{n}" for n in range(count)), key=patient_key)
        for name in names:
            await self.registers(name, **more)
        return names

    async def registers(self, patient: str, version: str = "1", **more: object) -> None:
        """Write a patient to the FHIR server, and have it heard."""
        resource = {**person(patient, **more), "meta": {"versionId": version}}
        await server(self.services).update(resource)
        catalogue = await self.services.definitions.current()
        content = project(resource, self.services.zone, catalogue.arrivals).content
        await self.happens(patient, ResourceChanged(content))

    async def happens(self, name: str, *events: object) -> None:
        await react(self.services, patient_key(name), events, TRIGGER, patient_id=name)  # type: ignore[arg-type]

    async def starts(self) -> None:
        """Go the whole way to a running campaign."""
        await self.moves("submit", "ana", "outreach")
        await self.moves("approve", "ben", "clinical-lead")
        await self.moves("start", "ana")

    async def moves(
        self, action: Any, by: str = "ana", role: str = "", reason: str = "because"
    ) -> CampaignState:
        return await move(self.services, CAMPAIGN, action, by, role, reason)

    async def state(self) -> CampaignState:
        return (await load_state(self.services.documents, CANONICAL))[0]

    async def tick(self, services: Services | None = None) -> int:
        """Let the timer fire."""
        found = await run_campaigns(services or self.services)
        assert found.hindered == ()
        return found.asked

    def waiting(self) -> int:
        return len(self._queue().queues[ENTRIES])

    async def works(self, most: int = 10_000, services: Services | None = None) -> list[Job]:
        """Carry out what is queued, again where a process dies on the way."""
        queue, done = self._queue(), list[Job]()
        while queue.queues[ENTRIES] and len(done) < most:
            letter = queue.take(ENTRIES)
            job = decode_job(letter.body)
            try:
                await self._carry_out(services or self.services, job, letter.deliveries)
            except BaseException:
                queue.put_back(ENTRIES, letter)
                raise
            done.append(job)
        return done

    async def _carry_out(self, services: Services, job: Job, delivery: int) -> None:
        trigger = Trigger("test", delivery)
        match job:
            case EnrolFor():
                await enrol_for(services, job, trigger)
            case Recall():
                await recall(services, job, trigger)
            case Grant():
                await grant(services, job, trigger)

    async def lets_in(self) -> None:
        """Let the gate's timer fire, too."""
        await admit(self.services)
        await self.works()

    async def enrolment(self, name: str) -> Enrolment | None:
        return next(iter((await record(self.services, name)).enrolments.values()), None)

    async def inside(self, names: list[str]) -> list[str]:
        return [name for name in names if await self.enrolment(name) is not None]

    async def entries(self, name: str) -> int:
        """Return how often somebody has entered the journey."""
        history = (await record(self.services, name)).history.get(JOURNEY)
        return history.entries if history else 0

    async def leaves(self, name: str) -> None:
        held = await self.enrolment(name)
        assert held is not None
        await self.happens(name, EnrolmentAsked(held.enrolment_id, "stop", "staff-1", "seen"))

    async def enters_otherwise(self, name: str) -> None:
        await self.happens(name, EnrolAsked(JOURNEY, f"staff {self.clock.now()}", "staff asked"))

    def _queue(self) -> MemoryQueue:
        assert isinstance(self.services.queue, MemoryQueue)
        return self.services.queue

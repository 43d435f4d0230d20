"""After a restore nobody gets once more what they got since the backup; the others are not kept waiting."""

from __future__ import annotations

from copy import deepcopy

import pytest
from msgspec.structs import replace

from shared.catalogue import Document
from shared.fhir.instants import HOUR, MINUTE, Instant
from shared.message.outbound import Accepted, OutboundMessage, SendResult
from shared.message.policy import Policy
from shared.queues import WAKEUPS
from shared.usecases.controls import switch_sending
from shared.usecases.jobs import Change, Wake, WakeMany, decode_job
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from shared.usecases.react import Trigger
from shared.usecases.restored import Held, hold_everybody, hold_written_to
from shared.usecases.services import Services
from shared.usecases.take_change import take_change
from shared.usecases.wake import queue_due, wake_many
from tests.unit.memory_kit import HIGH, Time, in_memory, person, record, result, segments, server

JOURNEY = "https://restored.example/journeys/invite"
TEMPLATE = "https://restored.example/templates/invite"
PHONES = {"ana": "+12125550142", "ben": "+12125550143"}
DEFINITIONS = (
    Document(
        "template",
        "invite.yaml",
        {"url": TEMPLATE, "version": "1", "title": "Invite", "channels": {"sms": {"text": {"en": "Come"}}}},
    ),
    Document(
        "journey",
        "invite.yaml",
        {
            "url": JOURNEY,
            "version": "1",
            "title": "Invite",
            "trigger": {"segment_member": {"segment": HIGH}},
            "steps": [
                {"id": "ask", "kind": "send", "template": TEMPLATE, "channels": ["sms"]},
                {"id": "later", "kind": "wait", "duration": "P1M"},
                {"id": "again", "kind": "send", "template": TEMPLATE, "channels": ["sms"]},
            ],
        },
    ),
)


class Clinic:
    """Two patients, one journey for those with a high HbA1c, and a backup of it."""

    def __init__(self) -> None:
        self.clock = Time()
        self.sent: list[str] = []
        self.changes = 0
        policy = Policy(write_communications=True)
        services = in_memory(self.clock)
        self.services: Services = replace(
            services,
            channels={"sms": self},
            policy=policy,
            definitions=PublishedDefinitions(services.documents, policy, 0),
        )

    async def send(self, message: OutboundMessage) -> SendResult:
        self.sent.append(message.to)
        return Accepted(message.message_id)

    async def open(self) -> None:
        await segments(self.services)
        await publish(self.services, DEFINITIONS)
        for name, phone in PHONES.items():
            await server(self.services).update(person(name, telecom=[{"system": "phone", "value": phone}]))
            await self.change("Patient", name)

    async def change(self, kind: str, name: str) -> None:
        self.changes += 1
        await take_change(self.services, Change(kind, name), Trigger(f"t{self.changes}"))

    async def rises(self, name: str) -> None:
        """Let a high HbA1c arrive, in a minute of its own."""
        self.clock.passes(MINUTE)
        await server(self.services).update(result(f"lab-{name}", name, 9.8))
        await self.change("Observation", f"lab-{name}")

    def backup(self) -> tuple[object, ...]:
        return deepcopy((self.services.patients, self.services.indexes, self.services.documents))

    async def restore(self, saved: tuple[object, ...]) -> None:
        """Put the backup back and switch sending off, as the command does; the FHIR server knows more."""
        patients, indexes, documents = saved
        definitions = PublishedDefinitions(documents, self.services.policy, 0)  # type: ignore[arg-type]
        self.services = replace(
            self.services,
            patients=patients,
            indexes=indexes,
            documents=documents,
            definitions=definitions,
        )
        await switch_sending(self.services, on=False, by="op", reason="restored")

    async def passes(self, length: int) -> None:
        self.clock.passes(length)
        await queue_due(self.services)
        while WAKEUPS in self.services.queue.waiting():  # type: ignore[attr-defined]
            letter = self.services.queue.take(WAKEUPS)  # type: ignore[attr-defined]
            job = decode_job(letter.body)
            wakes = job.wakes if isinstance(job, WakeMany) else (job,)
            assert all(isinstance(each, Wake) for each in wakes)
            await wake_many(self.services, WakeMany(wakes), Trigger(letter.letter_id))

    async def sends_again(self) -> None:
        await switch_sending(self.services, on=True, by="op", reason="looked at")
        for name in PHONES:
            await self.change("Patient", name)
        await self.passes(HOUR)


@pytest.fixture
async def clinic() -> Clinic:
    made = Clinic()
    await made.open()
    return made


async def restored(clinic: Clinic) -> Instant:
    """Let Ana be written to after the backup, lose everything since, and take in again what changed."""
    begun, saved = clinic.clock.now(), clinic.backup()
    await clinic.rises("ana")
    assert clinic.sent == [PHONES["ana"]]
    await clinic.restore(saved)
    await clinic.change("Observation", "lab-ana")
    await clinic.rises("ben")
    assert len(clinic.sent) == 1
    return begun


async def test_who_was_written_to_since_is_held_and_gets_it_once(clinic: Clinic) -> None:
    begun = await restored(clinic)
    assert await hold_written_to(clinic.services, begun, "op", "restored") == Held(1, 1)
    await clinic.sends_again()
    assert clinic.sent == [PHONES["ana"], PHONES["ben"]]
    (held,) = (await record(clinic.services, "ana")).enrolments.values()
    assert (held.status, held.held) == ("on-hold", "staff")


async def test_without_it_the_message_would_go_out_twice(clinic: Clinic) -> None:
    """The reason for all this."""
    await restored(clinic)
    await clinic.sends_again()
    assert sorted(clinic.sent) == [PHONES["ana"], PHONES["ana"], PHONES["ben"]]


async def test_to_hold_twice_does_no_more(clinic: Clinic) -> None:
    begun = await restored(clinic)
    await hold_written_to(clinic.services, begun, "op", "restored")
    assert await hold_written_to(clinic.services, begun, "op", "restored") == Held(1, 0)


async def test_everybody_is_held_where_the_server_is_told_nothing(clinic: Clinic) -> None:
    await restored(clinic)
    assert await hold_everybody(clinic.services, "op", "restored") == Held(2, 2)
    await clinic.sends_again()
    assert clinic.sent == [PHONES["ana"]]


async def test_who_was_written_to_before_the_backup_goes_on(clinic: Clinic) -> None:
    await clinic.rises("ben")
    clinic.clock.passes(HOUR)
    begun = await restored_since(clinic)
    assert await hold_written_to(clinic.services, begun, "op", "restored") == Held(0, 0)


async def restored_since(clinic: Clinic) -> Instant:
    """Restore what was saved a moment ago."""
    begun = clinic.clock.now()
    await clinic.restore(clinic.backup())
    return begun

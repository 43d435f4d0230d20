"""The dry run says what the system does: the same people played through the real loop over memory stores.

Here the world answers as the dry run supposes, each report and reply through its own use case.
"""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from typing import Any

import pytest
from msgspec.structs import replace

from shared.effects import SendMessage
from shared.events import CustomEventReceived, DefinitionsPublished, DeliveryReported, InboundReceived
from shared.fhir.instants import MINUTE, Instant
from shared.message.outbound import Accepted, OutboundMessage
from shared.patient.record import patient_key
from shared.queues import ENTRIES
from shared.usecases.admission import admit, grant
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Grant, Inbound, Report, Wake, decode_job
from shared.usecases.publish import publish
from shared.usecases.react import Trigger, react
from shared.usecases.report import take_report
from shared.usecases.services import Services
from shared.usecases.simulation.explaining import explain
from shared.usecases.simulation.reactions import Asked, Coming, answer, to_message
from shared.usecases.simulation.stage import Plan, set_stage
from shared.usecases.take_in import take_in_everyone
from shared.usecases.wake import wake
from tests.unit.memory_kit import Time, in_memory
from tests.unit.simulation_kit import ASKS, START, documents, journey, parcels, patient, plan

type Sent = tuple[str, Instant, str, str]

FALLS_BACK = [{**step, "fallback": True} if step["kind"] == "send" else step for step in ASKS]
CROWD = [
    *(patient(n) for n in range(6)),
    *(patient(n, telecom=[{"system": "email", "value": f"p{n}@example.org"}]) for n in range(6, 9)),
    patient(9, telecom=[]),
    patient(10, birthDate="2008-03-20"),
    patient(11, birthDate="2015-03-20"),
    *(
        patient(n, telecom=[*patient(n)["telecom"], {"system": "email", "value": f"p{n}@example.org"}])
        for n in range(12, 18)
    ),
]


class World:
    """The real loop, a phone that takes everything, and people who answer as was supposed."""

    def __init__(self, wanted: Plan) -> None:
        self.clock = Time()
        self.clock.at = wanted.start
        self.stage = set_stage(wanted)
        memory = in_memory(self.clock)
        self.services: Services = replace(memory, channels={"sms": self, "email": self})
        self.coming: list[tuple[Instant, int, str, Coming]] = []
        self.sent: list[Sent] = []
        self.said: Counter[str] = Counter()
        self.turn = 0
        self.looked = wanted.start
        """When the gates' keeper looked last."""

    async def play(self, body: dict[str, Any]) -> None:
        """Publish, look at everybody, and let time pass until the end."""
        for resource in CROWD:
            await self.services.fhir.update(resource)  # type: ignore[attr-defined] # the memory server
        ids = await take_in_everyone(self.services)
        await publish(self.services, documents(body))
        for patient_id in ids:
            await react(self.services, patient_key(patient_id), [DefinitionsPublished()], self._trigger())
        while (found := await self._next(ids)) is not None and found[0] < self.stage.plan.end:
            self.clock.at = max(found[0], self.clock.at)
            await (self._happen(*found) if found[1] else self._look())

    async def _next(self, ids: list[str]) -> tuple[Instant, str, Coming | None] | None:
        """Return what is next: what is due before what comes at the same instant."""
        dues = [
            (due, key, None)
            for key in map(patient_key, ids)
            if (due := (await self.services.patients.load(key)).record.next_due) is not None
        ]
        comes = [(at, key, what) for at, _, key, what in self.coming[:1]]
        looks = [(self._minute, "", None)] if await self.services.indexes.journeys_asked() else []
        return min([*dues, *comes, *looks], key=lambda e: (e[0], not e[1], e[2] is not None), default=None)

    @property
    def _minute(self) -> Instant:
        """Return when the timer of the gates fires next: every minute, and not twice at one instant."""
        return Instant(max(self.looked // MINUTE + 1, -(-self.clock.at // MINUTE)) * MINUTE)

    async def _look(self) -> None:
        """Let in who may go, as the timer and the queue behind it do."""
        self.looked = self.clock.at
        await admit(self.services)
        queue = self.services.queue
        while queue.queues[ENTRIES]:  # type: ignore[attr-defined] # the memory queue
            job = decode_job(queue.take(ENTRIES).body)  # type: ignore[attr-defined]
            assert isinstance(job, Grant)
            await grant(self.services, job, self._trigger())

    async def _happen(self, at: Instant, key: str, what: Coming | None) -> None:
        if what is None:
            await wake(self.services, Wake(key, at), self._trigger())
            return
        heappop(self.coming)
        match what:
            case DeliveryReported(message_id, status, at, reason):
                await take_report(self.services, Report(message_id, key, status, at, reason), self._trigger())
            case InboundReceived():
                await self._reply(what)
            case Asked(message_id, mood):
                row = await self.services.patients.message(key, message_id)
                record = (await self.services.patients.load(key)).record
                assert row is not None
                if said := answer(row, mood, record, at, self.stage):
                    await self._reply(said)
            case CustomEventReceived():
                await react(self.services, key, [what], self._trigger())

    async def _reply(self, said: InboundReceived) -> None:
        job = Inbound(said.inbound_id, said.channel, said.sender, said.text, said.at)
        assert await take_inbound(self.services, job, self._trigger()) == 1

    async def send(self, message: OutboundMessage) -> Accepted:
        """Take a message as a provider does, and have its reader react."""
        key = message.tag.partition(" ")[0]
        row = (await self.services.patients.load(key)).record.messages[message.message_id]
        self.sent.append((key, self.clock.at, message.channel, message.text))
        place = f"{row.enrolment_id} {row.step}"
        self.said[place] += 1
        effect = SendMessage(message.message_id, message.channel, message.to, message.text)
        for at, what in to_message(effect, f"{place} {self.said[place]}", self.clock.at, self.stage):
            self.turn += 1
            heappush(self.coming, (at, self.turn, key, what))
        return Accepted(message.message_id)

    def _trigger(self) -> Trigger:
        self.turn += 1
        return Trigger(f"t{self.turn}")


def dry(wanted: Plan) -> list[Sent]:
    """Return all messages of the dry run."""
    packed, found = parcels(CROWD, wanted), list[Sent]()
    for each in packed:
        future = explain(lambda: packed, wanted, each.key, lambda done: None)
        assert future is not None
        for moment in future.moments:
            if moment.kind == "sends":
                channel, _, rest = moment.text.partition(" to ")
                words = rest.partition(": ")[2].split(" ⏎ ")[-1]
                found.append((each.key, moment.at, {"SMS": "sms"}.get(channel, channel), words))
    return sorted(found)


@pytest.mark.parametrize(
    "supposed",
    [
        {"delivered": "1", "answered:yes": "1"},
        {"delivered": "1", "answered": "0"},
        {"delivered": "0.6", "answered": "0.6", "stopped": "0.3"},
        {"delivered": "0.8", "opened": "0.8", "clicked": "0.3", "answered": "0.4", "answer-after": "P7D"},
    ],
    ids=["all-answer", "nobody-answers", "chance", "late"],
)
@pytest.mark.parametrize("steps", [ASKS, FALLS_BACK], ids=["plain", "fallback"])
async def test_the_dry_run_agrees_message_for_message_with_the_real_loop(
    supposed: dict[str, str], steps: list[dict[str, Any]]
) -> None:
    body = journey(steps)
    wanted = plan(body, assume=supposed, length="P60D")
    world = World(wanted)
    assert world.clock.at == START
    await world.play(body)
    assert sorted(world.sent) == dry(wanted)
    assert len(world.sent) >= 12


@pytest.mark.parametrize(
    "limits",
    [{"per_hour": 4}, {"per_day": 30, "hours": {"from": "10:30", "until": "11:00"}}, {"in_all": 5}],
    ids=["by-the-hour", "hours", "in-all"],
)
async def test_it_agrees_on_who_is_let_through_a_gate_and_when(limits: dict[str, Any]) -> None:
    body = journey(limits=limits)
    wanted = plan(body, assume={"delivered": "1", "answered:yes": "1"}, length="P1D")
    world = World(wanted)
    await world.play(body)
    assert sorted(world.sent) == dry(wanted)
    assert len(world.sent) >= 4

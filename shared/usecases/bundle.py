"""Bundles: what goes to one contact point for several patients of a family goes as one message.

Between the guard's second look and the claim (shared.usecases.react): the message that leads asks the
others, each in its own patient's record, whether it may carry them; what becomes of it becomes of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.decide import decide
from shared.effects import SendMessage
from shared.events import BundleAsked, Carried, Event, SendDue, SendPostponed, SendSettled
from shared.fhir.choice import PURPOSES
from shared.fhir.instants import MINUTE, Instant
from shared.message.guard import given_name
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.telemetry import trace_parent
from shared.usecases.guard import look_again
from shared.usecases.services import Services

WAITING = "waits for what else goes to the same contact point"
AGAIN = 2 * MINUTE
"""After which one that is to be carried looks whether that has happened."""
PATIENCE = 3
"""Times the policy's `bundling` after which a message goes alone, whatever the others do."""

type Tell = Callable[[str, Sequence[Event]], Awaitable[PatientRecord]]
"""Let events happen to another patient; the record after it."""


class Bundles:
    """The bundles that one trigger makes."""

    def __init__(self, services: Services, trigger_id: str, tell: Tell) -> None:
        self._services = services
        self._trigger = trigger_id
        self._tell = tell
        self._carried: dict[str, tuple[str, ...]] = {}

    async def claims(
        self, record: PatientRecord, ready: Iterable[Message], catalogue: Catalogue, now: Instant
    ) -> list[Event]:
        """Return for each message that is ready the event that claims it, or makes it wait for others.

        What matters most comes first, as a cap may leave room for one of them only.
        """
        ordered = sorted(ready, key=lambda m: (_rank(m), m.due, m.created, m.message_id))
        return [await self._claim(record, message, catalogue, now) for message in ordered]

    async def told(self, events: Iterable[Event], sends: Iterable[SendMessage]) -> None:
        """Tell those who are carried what became of their carrier; one that did not go lets them go."""
        sent = {send.message_id for send in sends}
        for message_id in [m for m in self._carried if m not in sent]:
            left = SendSettled("", "deferred", reason="what was to carry it did not go")
            await self._pass_on(message_id, left)
        for event in events:
            if isinstance(event, SendSettled) and event.message_id in self._carried:
                await self._pass_on(event.message_id, event)

    async def _pass_on(self, carrier: str, settled: SendSettled) -> None:
        for member in self._carried.pop(carrier):
            key, _, message_id = member.partition("/")
            await self._tell(key, [replace(settled, message_id=message_id)])

    async def _claim(
        self, record: PatientRecord, message: Message, catalogue: Catalogue, now: Instant
    ) -> Event:
        alone = SendDue(message.message_id, self._trigger, trace=trace_parent())
        template = catalogue.templates.get(message.template)
        if message.answers or template is None or not template.bundles(message.channel, message.language):
            return alone
        trial = decide(record, alone, catalogue, now)
        if not any(isinstance(effect, SendMessage) for effect in trial.effects):
            return alone  # it does not go now: the guard says why
        opens = Instant(message.created + catalogue.policy.bundling)
        if now < opens:
            return SendPostponed(message.message_id, opens, WAITING)  # who shares it may be written to yet
        keys = await self._services.indexes.patients_of_contact(message.channel, message.to)
        family = [key for key in keys if key != record.key]
        others = await self._others(family, record, message, catalogue, now)
        rivals = [other for _, other in others if _may_lead(other, catalogue, now)]
        leads = all(message.message_id < rival.message_id for rival in rivals)
        if not leads and now < message.created + PATIENCE * catalogue.policy.bundling:
            return SendPostponed(message.message_id, Instant(now + AGAIN), WAITING)
        carried = [await self._ask(of, other, record, message, catalogue, now) for of, other in others]
        carries = tuple(filter(None, carried))
        if carries:
            self._carried[message.message_id] = tuple(one.message for one in carries)
        return replace(alone, carries=carries)

    async def _others(
        self,
        family: Sequence[str],
        record: PatientRecord,
        message: Message,
        catalogue: Catalogue,
        now: Instant,
    ) -> list[tuple[PatientRecord, Message]]:
        """Return the messages of others that say the same in the same words at this time."""
        stored = await asyncio.gather(*(self._services.patients.load(key) for key in family))
        until, carrier = now + catalogue.policy.bundling, _named(record, message)
        return [
            (one.record, other)
            for one in stored
            for other in one.record.messages.values()
            if _alike(other, message)
            and ((other.status == "preparation" and other.due <= until) or _is_carried(other, carrier))
        ]

    async def _ask(
        self,
        of: PatientRecord,
        other: Message,
        record: PatientRecord,
        message: Message,
        catalogue: Catalogue,
        now: Instant,
    ) -> Carried | None:
        carrier = _named(record, message)
        if _is_carried(other, carrier):  # asked before a conflict
            return Carried(_named(of, other), given_name(of))
        seen = await look_again(self._services, of, [other], frozenset(), now, catalogue.arrivals)
        asked = BundleAsked(other.message_id, carrier, self._trigger, trace_parent())
        after = await self._tell(of.key, [*seen, asked])
        held = after.messages.get(other.message_id)
        if held is None or not _is_carried(held, carrier):
            return None
        return Carried(_named(of, other), given_name(after))


_RANKS: Mapping[str, int] = {purpose: rank for rank, purpose in enumerate(PURPOSES)}


def _rank(message: Message) -> int:
    return _RANKS.get(message.purpose, 0)


def _may_lead(message: Message, catalogue: Catalogue, now: Instant) -> bool:
    waited = message.created + catalogue.policy.bundling <= now and message.due <= now
    return message.status == "preparation" and waited


def _named(record: PatientRecord, message: Message) -> str:
    """Name a message among all patients', as `carries` and `carried_by` do."""
    return f"{record.key}/{message.message_id}"


def _is_carried(message: Message, carrier: str) -> bool:
    return message.status == "in-progress" and message.carried_by == carrier


def _alike(other: Message, message: Message) -> bool:
    mine = (message.channel, message.to, message.template, message.language)
    return (other.channel, other.to, other.template, other.language) == mine

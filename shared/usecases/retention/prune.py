"""Prune one patient: rows of messages and of the timeline, and engagement, that are older than they are kept.

What people said of being written to, contact points that do not work, and messages still in the record stay.
An erasure that stood still is finished.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

from msgspec import Struct

from shared.effects import IndexMessage
from shared.events import EngagementAged
from shared.fhir.instants import Instant
from shared.patient.engagement import ENGAGEMENT
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.ports import Stored
from shared.retention import Retention
from shared.usecases.privacy.erase import finish
from shared.usecases.react import Trigger, react
from shared.usecases.services import Services

_OVER = frozenset({"completed", "not-done", "unknown"})


class Pruned(Struct, frozen=True):
    """How much went."""

    patients: int = 0
    """Looked at."""
    messages: int = 0
    timeline: int = 0
    """Rows, each of one commit."""
    engagement: int = 0
    links: int = 0
    documents: int = 0
    audit: int = 0
    """Entries of the audit trail."""

    def __add__(self, other: Pruned) -> Pruned:
        pairs = zip(self._all(), other._all(), strict=True)
        return Pruned(*(one + another for one, another in pairs))

    def _all(self) -> tuple[int, ...]:
        rows = (self.messages, self.timeline, self.engagement, self.links, self.documents, self.audit)
        return self.patients, *rows


async def prune_patient(services: Services, stored: Stored, kept: Retention) -> Pruned:
    """Prune what is held of one patient. Raises Unavailable; again goes on where it stood still."""
    record = stored.record
    if record.erased is not None:
        if record.patient_id:
            await finish(services, record, "retention")
        return Pruned(1)
    now, zone = services.clock.now(), services.policy.zone
    messages = await _messages(services, record, kept.before("messages", now, zone))
    before = kept.before("timeline", now, zone)
    rows = await services.patients.drop_timeline(record.key, before) if before is not None else 0
    engagement = await _engagement(services, stored, kept.before("engagement", now, zone))
    return Pruned(1, messages, rows, engagement)


async def _messages(services: Services, record: PatientRecord, before: Instant | None) -> int:
    """Drop messages and, before them, the index rows by which reports find them."""
    if before is None:
        return 0
    rows = await services.patients.messages(record.key)
    old = [m.message_id for m in rows if m.message_id not in record.messages and _is_old(m, before)]
    withdrawn = (services.indexes.withdraw(record.key, IndexMessage(each)) for each in old)
    await asyncio.gather(*withdrawn)
    if old:
        await services.patients.drop_messages(record.key, old)
    return len(old)


def _is_old(message: Message, before: Instant) -> bool:
    latest = max(message.created, message.due, message.delivery_at or 0, message.claimed_at or 0)
    return message.status in _OVER and latest < before


async def _engagement(services: Services, stored: Stored, before: Instant | None) -> int:
    held = stored.record.facts.of(ENGAGEMENT)
    if before is None or not any(f.start is not None and f.start < before for f in held.values()):
        return 0
    trigger = Trigger(f"retention-{uuid4()}")
    reaction = await react(services, stored.record.key, [EngagementAged(before)], trigger, held=stored)
    return len(held) - len(reaction.after.facts.of(ENGAGEMENT))

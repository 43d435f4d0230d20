"""Record what was rejected, so that bad data from outside is visible and not just gone."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.usecases.services import Services

REJECTIONS = "rejections"

_encode = msgspec.json.Encoder().encode


class Rejection(Struct, frozen=True):
    """One job that could not be used: when, by which trigger, and why; no content."""

    at: Instant
    trigger_id: str
    code: str
    reason: str


async def record_rejection(services: Services, trigger_id: str, rejected: Rejected) -> None:
    """Keep a rejection under its trigger's id: a second delivery of the same job overwrites it."""
    body = _encode(Rejection(services.clock.now(), trigger_id, rejected.code, rejected.reason))
    await services.documents.put(REJECTIONS, trigger_id, body, None)

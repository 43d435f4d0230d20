"""Record what was rejected, so that bad data from outside is visible and not just gone."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.ports import Documents
from shared.usecases.services import Services

REJECTIONS = "rejections"

_FAR = 10**18
_encode = msgspec.json.Encoder().encode


class Rejection(Struct, frozen=True):
    """One job that could not be used: when, by which trigger, and why; no content."""

    at: Instant
    trigger_id: str
    code: str
    reason: str


_decode = msgspec.json.Decoder(Rejection).decode


async def record_rejection(services: Services, trigger_id: str, rejected: Rejected) -> None:
    """Keep a rejection: the latest come first, those of former releases last, under their trigger's id alone.

    A crash before the job is acknowledged has it rejected, and kept, once more.
    """
    now = services.clock.now()
    body = _encode(Rejection(now, trigger_id, rejected.code, rejected.reason))
    await services.documents.put(REJECTIONS, f"-{_FAR - now:018d}-{trigger_id}", body, None)


async def page_of_rejections(
    documents: Documents, after: str, limit: int
) -> tuple[tuple[str, Rejection], ...]:
    """Return the first `limit` beyond a name, with theirs. Raises Unavailable."""
    found = await documents.page(REJECTIONS, after, limit)
    return tuple((name, _decode(body)) for name, body in found)

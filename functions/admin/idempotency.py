"""Once: a request that comes again under its `Idempotency-Key` gets the first one's answer, and does nothing.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/. An answer holds ids alone, never
a patient's data: operations that start something answer with what they started.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import Request, Response

from functions.admin.call import Call, digest
from functions.admin.problems import Refusal
from shared.errors import Conflict
from shared.fhir.instants import MINUTE, Instant

KIND = "idempotency"
"""Of the documents: by caller, operation and key. Retention removes them after a day."""

STALE = 5 * MINUTE
"""After which a request without an answer is taken to have died: whoever comes again does it."""


class Kept(msgspec.Struct, frozen=True):
    """What is known of a request; without a status it is under way."""

    at: Instant
    asked: str
    """Digest of where it went and of its body."""
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = {}


_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(Kept).decode
_HEADERS = ("content-type", "location", "etag")


async def once(call: Call, request: Request, work: Callable[[], Awaitable[Response]]) -> Response:
    """Do the work unless it was done under this key; what failed on our side may be tried again."""
    if not call.operation.starts:
        return await work()
    asked = digest([request.url.path, request.url.query, call.if_match, (await request.body()).hex()])
    found = await _claim(call, asked)
    if isinstance(found, Response):
        return found
    try:
        answer = await work()
    except BaseException:
        await call.services.documents.delete(KIND, call.intent)
        raise
    headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
    body = b"" if call.operation.shown_once else bytes(answer.body)
    kept = Kept(call.services.clock.now(), asked, answer.status_code, body, headers)
    await call.services.documents.put(KIND, call.intent, _encode(kept), None)
    return answer


async def _claim(call: Call, asked: str) -> Response | None:
    """Return the first one's answer, or None when this is the first."""
    documents, now = call.services.documents, call.services.clock.now()
    found = await documents.get(KIND, call.intent)
    if found is not None:
        kept = _decode(found[0])
        if kept.asked != asked:
            raise Refusal(
                422, "idempotency-key-reused", "this Idempotency-Key was sent with another request before"
            )
        if kept.status and call.operation.shown_once:
            raise Refusal(409, "shown-once", "this was done, and what came of it is shown only once")
        if kept.status:
            return Response(kept.body, kept.status, {**kept.headers, "Idempotency-Replayed": "true"})
        if now < kept.at + STALE:
            raise _under_way()
    try:
        await documents.put(KIND, call.intent, _encode(Kept(now, asked)), found[1] if found else "")
    except Conflict:
        raise _under_way() from None
    return None


def _under_way() -> Refusal:
    return Refusal(409, "under-way", "the same request is being carried out: ask again", {"Retry-After": "5"})

"""Once: a request that comes again under its `Idempotency-Key` gets the first one's answer, and does nothing.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/. An answer holds ids alone, never
a patient's data: operations that start something answer with what they started.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from functions.admin.call import Call, digest
from functions.admin.problems import Refusal
from shared.errors import Unavailable
from shared.usecases import asked_once
from shared.usecases.asked_once import Asked

logger = logging.getLogger("hearthline")

_HEADERS = ("content-type", "location", "etag")


async def once(call: Call, request: Request, work: Callable[[], Awaitable[Response]]) -> Response:
    """Do the work unless it was done under this key; what was refused, or failed, may be tried again."""
    if not call.operation.starts:
        return await work()
    documents, now = call.services.documents, call.services.clock.now()
    query = request.scope["query_string"].decode("latin-1")  # request.url goes by the header Host
    asked = digest([request.scope["path"], query, call.if_match, (await request.body()).hex()])
    ours, known = await asked_once.claim(documents, call.intent, asked, now)
    if not ours:
        return _again(call, known, asked)
    call.since = known.first
    try:
        answer = await work()
    except BaseException:
        await asked_once.forget(documents, call.intent)
        raise
    await _keep(call, asked, answer)
    return answer


def _again(call: Call, known: Asked, asked: str) -> Response:
    """Answer what has been asked for before."""
    if known.asked != asked:
        raise Refusal(
            422, "idempotency-key-reused", "this Idempotency-Key was sent with another request before"
        )
    if not known.status:
        raise Refusal(
            409, "under-way", "the same request is being carried out: ask again", {"Retry-After": "5"}
        )
    if call.operation.shown_once:
        raise Refusal(409, "shown-once", "this was done, and what came of it is shown only once")
    return Response(known.body, known.status, {**known.headers, "Idempotency-Replayed": "true"})


async def _keep(call: Call, asked: str, answer: Response) -> None:
    """Keep the answer; where that fails the work is done all the same, and says so."""
    headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
    body = b"" if call.operation.shown_once else bytes(answer.body)
    now = call.services.clock.now()
    kept = Asked(now, asked, answer.status_code, body, headers, call.since or now)
    try:
        await asked_once.answer(call.services.documents, call.intent, kept)
    except Unavailable as error:
        logger.warning("the answer of %s could not be kept: %s", call.operation.name, error.reason)

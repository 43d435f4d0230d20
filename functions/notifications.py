"""FHIR notifications in: prove, parse, enqueue, and only then answer; the same events from a queue too."""

from __future__ import annotations

import json

import azure.functions as func

from functions.entries import entry
from functions.listening import Delivery, on_queue
from functions.serving import answer, logger, settle
from shared.bootstrap import intake, services, verify_token
from shared.fhir.notification import Request
from shared.fhir.notifications.paths import read_tail
from shared.fhir.proof import Evidence, bearer_token
from shared.fhir.sources import EntraBearer
from shared.queues import NOTIFICATIONS
from shared.usecases.hear import Receipt, hear, hear_message
from shared.usecases.services import Services

blueprint = func.Blueprint()

_METHODS = [func.HttpMethod.POST, func.HttpMethod.PUT, func.HttpMethod.DELETE, func.HttpMethod.OPTIONS]


@blueprint.function_name("notifications")
@blueprint.route("fhir/notifications/{*tail}", methods=_METHODS, auth_level=func.AuthLevel.FUNCTION)
@entry
async def notifications(req: func.HttpRequest) -> func.HttpResponse:
    """Take notifications of senders that have a function key."""
    return await answer(lambda _: _take(req, "fhir/notifications", function_key=True))


@blueprint.function_name("signed_notifications")
@blueprint.route("fhir/signed-notifications/{*tail}", methods=_METHODS, auth_level=func.AuthLevel.ANONYMOUS)
@entry
async def signed_notifications(req: func.HttpRequest) -> func.HttpResponse:
    """Take notifications of senders that prove themselves in the request alone (HMAC, secret, token)."""
    return await answer(lambda _: _take(req, "fhir/signed-notifications", function_key=False))


@on_queue(blueprint, NOTIFICATIONS, "queued_notifications")
async def queued_notifications(delivery: Delivery) -> None:
    """Take events that Event Grid put on our queue: only it and we may write there."""
    await settle(delivery, lambda ready: _hear(ready, delivery.body))


async def _hear(ready: Services, body: bytes) -> None:
    settings = intake()
    receipt = await hear_message(ready, settings.queue_source, body, settings.limits)
    logger.info("queued %d changes", receipt.queued)


async def _take(req: func.HttpRequest, prefix: str, *, function_key: bool) -> func.HttpResponse:
    headers = {name.lower(): value for name, value in req.headers.items()}
    tail = _tail(req.url, prefix)
    body = req.get_body()
    request = Request(req.method.upper(), tail, headers, dict(req.params), body)
    ready = await services()
    source = await ready.sources.find(read_tail(tail).source)
    token = bearer_token(headers) if any(isinstance(p, EntraBearer) for p in source.proofs) else None
    claims = await verify_token(token) if token else None
    evidence = Evidence(function_key=function_key, claims=claims)
    receipt = await hear(ready, source, request, evidence, intake().limits)
    await ready.sources.note_heard(source.name)
    return _encode(receipt)


def _tail(url: str, prefix: str) -> str:
    """Return what follows the route's fixed part, undecoded; routes are matched in any case of letters."""
    path = url.partition("?")[0]
    place = path.lower().find(f"/{prefix}")
    return path[place + len(prefix) + 1 :]


def _encode(receipt: Receipt) -> func.HttpResponse:
    if receipt.reply is not None:
        reply = receipt.reply
        return func.HttpResponse(reply.body, status_code=reply.status, headers=dict(reply.headers))
    for ignored in receipt.ignored:
        logger.info("ignored: %s", ignored.code, extra={"code": ignored.code})
    body = {"queued": receipt.queued, "ignored": [ignored.code for ignored in receipt.ignored]}
    return func.HttpResponse(json.dumps(body), status_code=200, mimetype="application/json")

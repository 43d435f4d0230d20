"""`POST /emails:send` and `GET /emails/operations/{id}`: email as a long-running operation.

Source: azure-rest-api-specs, CommunicationServicesEmail.json (2025-09-01). The id of the operation is the
caller's `Operation-Id`, else its Repeatability-Request-ID, else a fresh one. One request is one message
here; further recipients are shown in its address line.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from aiohttp import web

from sandbox.acs.sends import Handler, MalformedError, problem, reply, require_version
from sandbox.acs.service import Outcome, Service
from sandbox.acs.store import Draft, File


class _Address(msgspec.Struct):
    address: str


class _Recipients(msgspec.Struct):
    to: list[_Address] = []
    cc: list[_Address] = []
    bcc: list[_Address] = []


class _Content(msgspec.Struct, rename="camel"):
    subject: str
    plain_text: str | None = None
    html: str | None = None


class _Attachment(msgspec.Struct):
    name: str
    type: str = msgspec.field(name="contentType")
    content: bytes = msgspec.field(name="contentInBase64")


class _Send(msgspec.Struct, rename="camel"):
    sender_address: str
    content: _Content
    recipients: _Recipients
    headers: dict[str, str] = {}
    attachments: list[_Attachment] = []
    user_engagement_tracking_disabled: bool | None = None


_decode = msgspec.json.Decoder(_Send).decode


def read(request: web.Request, raw: bytes) -> list[Draft]:
    """Read the body into one draft. Raises MalformedError, msgspec.DecodeError."""
    require_version(request)
    body = _decode(raw)
    everybody = body.recipients.to + body.recipients.cc + body.recipients.bcc
    if not everybody or not (body.content.html or body.content.plain_text):
        raise MalformedError("A recipient and a body are required.")
    draft = Draft(
        channel="email", sender=body.sender_address, to=everybody[0].address, subject=body.content.subject,
        text=body.content.plain_text or "", html=body.content.html or "", request_id=_operation_id(request),
        first_sent=request.headers.get("Repeatability-First-Sent", ""),
        tracked=not body.user_engagement_tracking_disabled, headers=body.headers,
        attachments=tuple(File(file.name, file.type, file.content) for file in body.attachments),
    )  # fmt: skip
    return [draft]


def _operation_id(request: web.Request) -> str:
    given = request.headers.get("Operation-Id") or request.headers.get("Repeatability-Request-ID")
    try:
        return str(uuid.UUID(given)) if given else str(uuid.uuid4())
    except ValueError:
        raise MalformedError("Operation-Id is not a UUID.") from None


def answer(request: web.Request, outcomes: Sequence[Outcome]) -> web.Response:
    """Answer 202 with the operation to poll."""
    (outcome,) = outcomes
    if not outcome.message_id:
        response = problem(outcome.status, outcome.code, outcome.error)
    else:
        response = reply({"id": outcome.message_id, "status": "Running", "error": None}, 202)
        response.headers["Operation-Location"] = _location(request, outcome.message_id)
        response.headers["Retry-After"] = "1"
    response.headers["Repeatability-Result"] = "rejected" if outcome.rejected else "accepted"
    return response


def _location(request: web.Request, key: str) -> str:
    path = f"/emails/operations/{key}?api-version={request.query['api-version']}"
    return f"{request.scheme}://{request.headers['Host']}{path}"


def polling(service: Service) -> Handler:
    """Make the handler that tells how an operation stands."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if not service.gate.admits(request, await request.read()):
            return problem(401, "Denied", "Denied by the resource provider.")
        message = service.store.messages.get(request.match_info["key"].lower())
        if message is None or message.channel != "email":
            return problem(404, "NotFound", "There is no such operation.")
        return reply({"id": message.id, "status": "Succeeded", "error": None})

    return handle

"""`POST /sms`: text messages to up to 100 recipients, each with a repeatability id of its own.

Source: azure-rest-api-specs, communicationservicessms.json (2021-03-07, 2026-01-23) and its examples.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web

from sandbox.acs.sends import MalformedError, reply, require_version
from sandbox.acs.service import Outcome
from sandbox.acs.store import Draft

_MOST_RECIPIENTS = 100
_LONGEST = 2048


class _Recipient(msgspec.Struct, rename="camel"):
    to: str
    repeatability_request_id: str | None = None
    repeatability_first_sent: str | None = None


class _Options(msgspec.Struct, rename="camel"):
    enable_delivery_report: bool = False
    tag: str | None = None


class _Send(msgspec.Struct, rename="camel"):
    from_: str = msgspec.field(name="from")
    sms_recipients: list[_Recipient]
    message: str
    sms_send_options: _Options | None = None


_decode = msgspec.json.Decoder(_Send).decode


def read(request: web.Request, raw: bytes) -> list[Draft]:
    """Read the body into one draft a recipient. Raises MalformedError, msgspec.DecodeError."""
    require_version(request)
    body = _decode(raw)
    if not 1 <= len(body.sms_recipients) <= _MOST_RECIPIENTS or len(body.message) > _LONGEST:
        raise MalformedError("1 to 100 recipients and at most 2048 characters are allowed.")
    options = body.sms_send_options or _Options()
    return [
        Draft(
            channel="sms", sender=body.from_, to=to.to, text=body.message, tag=options.tag or "",
            request_id=(to.repeatability_request_id or "").lower(), reports=options.enable_delivery_report,
            first_sent=to.repeatability_first_sent or "",
        )
        for to in body.sms_recipients
    ]  # fmt: skip


def answer(request: web.Request, outcomes: Sequence[Outcome]) -> web.Response:
    """Answer 202 with one item a recipient, refused ones too."""
    return reply({"value": [_item(outcome) for outcome in outcomes]}, 202)


def _item(outcome: Outcome) -> dict[str, object]:
    item: dict[str, object] = {"to": outcome.draft.to, "httpStatusCode": outcome.status}
    if outcome.draft.request_id:
        item["repeatabilityResult"] = "rejected" if outcome.rejected else "accepted"
    if outcome.message_id:
        return {**item, "messageId": outcome.message_id, "successful": True}
    return {**item, "errorMessage": outcome.error, "successful": False}

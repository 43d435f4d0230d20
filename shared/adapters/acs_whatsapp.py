"""WhatsApp by ACS Advanced Messaging: claim → this call → delivery status by Event Grid.

`POST /messages/notifications:send?api-version=2024-08-30` with the OASIS repeatability headers
(https://learn.microsoft.com/rest/api/communication/advancedmessaging). Free text may be sent within 24 hours
of a patient's own message; at any other time only a template that WhatsApp has approved, which is filled in
there (https://learn.microsoft.com/azure/communication-services/concepts/advanced-messaging/whatsapp/
template-messages). Its parameters are bound to the places of its body in their order.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from shared.adapters.acs_answers import Lost, Verdict, http_date, judge_failure, refusal
from shared.adapters.acs_http import AcsHttp
from shared.message.outbound import Accepted, OutboundMessage, Refused, SendResult

_PATH = "/messages/notifications:send?api-version=2024-08-30"
_ACCEPTED = 202


class _Receipt(msgspec.Struct, rename="camel"):
    message_id: str


class _Answer(msgspec.Struct):
    receipts: list[_Receipt]


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Failure(msgspec.Struct):
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Answer).decode
_decode_failure = msgspec.json.Decoder(_Failure).decode


class AcsWhatsApp:
    """Sends texts and approved templates from one WhatsApp channel registration (a GUID)."""

    def __init__(self, http: AcsHttp, channel_registration_id: str) -> None:
        self._http = http
        self._channel = channel_registration_id

    async def send(self, message: OutboundMessage) -> SendResult:
        """Send once, whatever happens on the way; `Accepted.provider_id` is the report's messageId."""
        return await self._http.deliver(_PATH, _headers(message), self._body(message), judge)

    def _body(self, message: OutboundMessage) -> bytes:
        body = {"channelRegistrationId": self._channel, "to": [message.to]}
        if message.approved:
            return orjson.dumps({**body, "kind": "template", "template": _template(message)})
        return orjson.dumps({**body, "kind": "text", "content": message.text})


def _template(message: OutboundMessage) -> dict[str, object]:
    """Name the template and what goes into the places of its body; WhatsApp writes languages as en_US."""
    named = {str(place): text for place, text in enumerate(message.parameters, 1)}
    values = [{"kind": "text", "name": place, "text": text} for place, text in named.items()]
    template = {"name": message.approved, "language": message.language.replace("-", "_")}
    if not values:
        return dict(template)
    bindings = {"kind": "whatsApp", "body": [{"refValue": place} for place in named]}
    return {**template, "values": values, "bindings": bindings}


def _headers(message: OutboundMessage) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Repeatability-Request-ID": message.message_id,
        "Repeatability-First-Sent": http_date(message.first_sent),
    }


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Say what an answer means: 202 with one receipt is acceptance."""
    if status != _ACCEPTED or headers.get("Repeatability-Result", "").lower() == "rejected":
        verdict = judge_failure(status, headers)
        return _named(verdict, body) if isinstance(verdict, Refused) else verdict
    try:
        (receipt,) = _decode(body).receipts
    except (msgspec.DecodeError, ValueError):
        return Lost("ACS accepted the call, but its answer cannot be read")
    return Accepted(receipt.message_id)


def _named(refused: Refused, body: bytes) -> Refused:
    """Put a name to a refusal; the provider's own words may hold the number."""
    try:
        error = _decode_failure(body).error
    except msgspec.DecodeError:
        return refused
    words = f"{error.code} {error.message}".lower() if error else ""
    if "recipient" in words or "phone number" in words:
        return refusal("invalid-address")
    return refused

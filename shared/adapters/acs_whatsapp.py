"""WhatsApp by ACS Advanced Messaging: claim → this call → delivery status by Event Grid.

`POST /messages/notifications:send?api-version=2024-08-30` with the OASIS repeatability headers
(https://learn.microsoft.com/rest/api/communication/advancedmessaging). Only text inside the 24-hour
window that a patient's own message opens can be sent this way; templates are the journey issue's work.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from shared.adapters.acs_answers import Lost, Verdict, http_date, judge_failure
from shared.adapters.acs_http import AcsHttp
from shared.message.outbound import Accepted, OutboundMessage, SendResult

_PATH = "/messages/notifications:send?api-version=2024-08-30"
_ACCEPTED = 202


class _Receipt(msgspec.Struct, rename="camel"):
    message_id: str


class _Answer(msgspec.Struct):
    receipts: list[_Receipt]


_decode = msgspec.json.Decoder(_Answer).decode


class AcsWhatsApp:
    """Sends texts from one WhatsApp channel registration (a GUID)."""

    def __init__(self, http: AcsHttp, channel_registration_id: str) -> None:
        self._http = http
        self._channel = channel_registration_id

    async def send(self, message: OutboundMessage) -> SendResult:
        """Send once, whatever happens on the way; `Accepted.provider_id` is the report's messageId."""
        return await self._http.deliver(_PATH, _headers(message), self._body(message), judge)

    def _body(self, message: OutboundMessage) -> bytes:
        return orjson.dumps({
            "kind": "text",
            "channelRegistrationId": self._channel,
            "to": [message.to],
            "content": message.text,
        })  # fmt: skip


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
        return judge_failure(status, headers)
    try:
        (receipt,) = _decode(body).receipts
    except (msgspec.DecodeError, ValueError):
        return Lost("ACS accepted the call, but its answer cannot be read")
    return Accepted(receipt.message_id)

"""SMS by the ACS REST API: claim → this call → delivery report by Event Grid.

`POST /sms?api-version=2021-03-07`, the version that azure-communication-sms 1.1 speaks
(https://learn.microsoft.com/rest/api/communication/sms/sms/send). The SDK itself cannot be used to send
once: it makes a fresh `repeatabilityRequestId` on every call.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from shared.adapters.acs_answers import Lost, Verdict, http_date, judge_failure, refusal
from shared.adapters.acs_http import AcsHttp
from shared.message.outbound import Accepted, OutboundMessage, Refused, SendResult, Unknown

_PATH = "/sms?api-version=2021-03-07"
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_ACCEPTED = 202


class _Item(msgspec.Struct, rename="camel"):
    http_status_code: int
    successful: bool
    message_id: str = ""
    repeatability_result: str = ""
    error_message: str | None = None


class _Answer(msgspec.Struct):
    value: list[_Item]


_decode = msgspec.json.Decoder(_Answer).decode


class AcsSms:
    """Sends text messages from one number or short code of the resource."""

    def __init__(self, http: AcsHttp, sender: str) -> None:
        self._http = http
        self._sender = sender

    async def send(self, message: OutboundMessage) -> SendResult:
        """Send once, whatever happens on the way; `Accepted.provider_id` is the report's messageId."""
        return await self._http.deliver(_PATH, _HEADERS, self._body(message), judge)

    def _body(self, message: OutboundMessage) -> bytes:
        recipient = {
            "to": message.to,
            "repeatabilityRequestId": message.message_id,
            "repeatabilityFirstSent": http_date(message.first_sent),
        }
        options = {"enableDeliveryReport": True, "tag": message.tag}
        return orjson.dumps({
            "from": self._sender,
            "smsRecipients": [recipient],
            "message": message.text,
            "smsSendOptions": options,
        })  # fmt: skip


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Say what an answer means; the one recipient's own status counts, as 202 covers refusals too."""
    if status != _ACCEPTED:
        return judge_failure(status, headers)
    try:
        (item,) = _decode(body).value
    except (msgspec.DecodeError, ValueError):
        return Lost("ACS accepted the call, but its answer cannot be read")
    return _judge_item(item, headers)


def _judge_item(item: _Item, headers: Mapping[str, str]) -> Verdict:
    if item.repeatability_result.lower() == "rejected":
        return Unknown("ACS rejects the repeatability id")
    if item.successful and item.message_id:
        return Accepted(item.message_id)
    if item.successful:
        return Lost("ACS accepted the message without naming its id")
    if item.http_status_code in (400, 404):
        return _refusal(item.error_message or "")
    return judge_failure(item.http_status_code, headers)


def _refusal(text: str) -> Refused:
    """Name the refusal without quoting the provider, whose text may hold the number."""
    lowered = text.lower()
    if "opted out" in lowered or "blocked" in lowered:
        return refusal("opted-out")
    if "to phone number" in lowered:
        return refusal("invalid-address")
    return refusal("content")

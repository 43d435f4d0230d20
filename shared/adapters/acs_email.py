"""Email by the ACS REST API: claim → this call → delivery report by Event Grid.

`POST /emails:send?api-version=2025-09-01` is a long-running operation
(https://learn.microsoft.com/rest/api/communication/email/email/send). Its 202 means that the email is
queued; how it went on comes as a delivery report, so nothing is polled. The `Operation-Id` that we choose
is the report's messageId. The repeatability headers say the same to API versions that look at those.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from shared.adapters.acs_answers import Verdict, http_date, judge_failure
from shared.adapters.acs_http import AcsHttp
from shared.message.outbound import Accepted, OutboundMessage, Refused, SendResult

_PATH = "/emails:send?api-version=2025-09-01"
_ACCEPTED = 202
_SUPPRESSED = "EmailDroppedAllRecipientsSuppressed"


class _Error(msgspec.Struct):
    code: str = ""


class _Answer(msgspec.Struct):
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Answer).decode


class AcsEmail:
    """Sends emails from one verified sender address."""

    def __init__(self, http: AcsHttp, sender: str, *, track_engagement: bool = False) -> None:
        self._http = http
        self._sender = sender
        self._track = track_engagement

    async def send(self, message: OutboundMessage) -> SendResult:
        """Queue once, whatever happens on the way; `Accepted.provider_id` is the message id itself."""

        def judged(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
            return judge(message.message_id, status, headers, body)

        return await self._http.deliver(_PATH, _headers(message), self._body(message), judged)

    def _body(self, message: OutboundMessage) -> bytes:
        content = {"subject": message.subject, "plainText": message.text}
        if message.html:
            content["html"] = message.html
        return orjson.dumps({
            "senderAddress": self._sender,
            "content": content,
            "recipients": {"to": [{"address": message.to}]},
            "userEngagementTrackingDisabled": not self._track,
        })  # fmt: skip


def _headers(message: OutboundMessage) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Operation-Id": message.message_id,
        "Repeatability-Request-ID": message.message_id,
        "Repeatability-First-Sent": http_date(message.first_sent),
    }


def judge(message_id: str, status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Say what an answer means: 202 is acceptance under the id that we chose."""
    if status == _ACCEPTED:
        return Accepted(message_id)
    verdict = judge_failure(status, headers)
    return _named(verdict, body) if isinstance(verdict, Refused) else verdict


def _named(refused: Refused, body: bytes) -> Refused:
    """Put a name to a refusal by the provider's error code; its text may hold the address."""
    try:
        error = _decode(body).error
    except msgspec.DecodeError:
        return refused
    code = error.code if error else ""
    if code == _SUPPRESSED:
        return Refused("opted-out", "the address is on the provider's suppression list")
    if "recipient" in code.lower() or "address" in code.lower():
        return Refused("invalid-address", "the address is not one that can receive email")
    return refused

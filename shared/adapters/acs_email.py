"""Email by the ACS REST API: claim → this call → delivery report by Event Grid.

`POST /emails:send?api-version=2025-09-01` is a long-running operation
(https://learn.microsoft.com/rest/api/communication/email/email/send). Its 202 means that the email is
queued; how it went on comes as a delivery report, so nothing is polled. The `Operation-Id` that we choose
is the report's messageId. The repeatability headers say the same to API versions that look at those.
An email with its attachments may have 10 MB, as base64 in JSON
(https://learn.microsoft.com/azure/communication-services/concepts/service-limits).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec
import orjson

from shared.adapters.acs_answers import Verdict, http_date, judge_failure, refusal
from shared.adapters.acs_http import AcsHttp
from shared.effects import Attachment
from shared.message.outbound import Accepted, OutboundMessage, Refused, SendResult

_PATH = "/emails:send?api-version=2025-09-01"
_ACCEPTED = 202
_LARGEST = 10 * 1024 * 1024
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

        body = self._body(message)
        if len(body) > _LARGEST:
            return Refused("content", "the email has more than 10 MB with its attachments")
        return await self._http.deliver(_PATH, _headers(message), body, judged)

    def _body(self, message: OutboundMessage) -> bytes:
        content = {"subject": message.subject, "plainText": message.text}
        if message.html:
            content["html"] = message.html
        body: dict[str, object] = {
            "senderAddress": self._sender,
            "content": content,
            "recipients": {"to": [{"address": message.to}]},
            "userEngagementTrackingDisabled": not self._track,
        }
        if message.headers:
            body["headers"] = dict(message.headers)
        if message.attachments:
            body["attachments"] = [_attached(file) for file in message.attachments]
        return orjson.dumps(body)


def _attached(file: Attachment) -> dict[str, str]:
    content = base64.b64encode(file.content).decode()
    return {"name": file.name, "contentType": file.media_type, "contentInBase64": content}


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
        return refusal("suppressed")
    if "recipient" in code.lower() or "address" in code.lower():
        return refusal("invalid-address")
    return refused

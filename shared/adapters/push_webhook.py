"""A channel that hands messages to another system by a signed webhook: push, or a provider of one's own.

One POST as Standard Webhooks has it (shared.adapters.webhook_signing): `webhook-id` is the message id, the
same on every try, so a receiver must take each id once. The body is

    {"type": "message.send", "timestamp": "…", "data": {"id", "channel", "to", "title", "text", "language",
     "purpose", "reference", "html", "headers", "attachments": [{"name", "type", "content" (base64)}]}}

with what is empty left out. What an answer means:

| answer                                  | the message was             | so                     |
|-----------------------------------------|-----------------------------|------------------------|
| 2xx, perhaps {"id": "…"}                | taken                       | Accepted               |
| 400, 413, 422, perhaps {"code": "…"}    | not taken, and never will be | Refused, by its code  |
| 401, 403, 3xx, other 4xx                | not taken: a setting is wrong | Deferred             |
| 429, 503                                | not taken now               | Deferred (Retry-After) |
| 408, 409, other 5xx, no answer          | perhaps taken               | repeat, then Unknown   |
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping

import aiohttp
import msgspec
import orjson
from yarl import URL

from shared.adapters.acs_answers import Lost, Verdict, refusal, retry_after
from shared.adapters.acs_http import AcsHttp, Patience
from shared.adapters.webhook_signing import signature_headers
from shared.fhir.instants import iso
from shared.message.failures import FAILURES
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult
from shared.receivers import SignedReceiver

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Hearthline"}
_NEVER = frozenset({400, 413, 422})
_LOST = frozenset({408, 409})
_NOT_NOW = frozenset({429, 503})
_WITHOUT_WORD = 5.0
_LONGEST_ID = 200


class _Answer(msgspec.Struct):
    id: str = ""
    code: str = ""


_decode = msgspec.json.Decoder(_Answer).decode


class WebhookChannel:
    """Sends what is for one channel to one receiver of the settings."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        name: str,
        receiver: SignedReceiver,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        who = f"the webhook {name}"
        self._http = AcsHttp(session, "", None, patience, who=who)
        self._url = str(URL(receiver.url.get_secret_value()))
        self._who = who
        self._receiver = receiver
        self._clock = clock

    async def send(self, message: OutboundMessage) -> SendResult:
        """Hand over once, whatever happens on the way; the receiver may name its own id."""

        def judged(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
            return judge(self._who, message.message_id, status, headers, body)

        signed = _Signed(self._receiver, message.message_id, self._clock)
        return await self._http.deliver(self._url, _HEADERS, write(message), judged, signed)


class _Signed:
    """Signs each try of one message with the time of the try."""

    def __init__(self, receiver: SignedReceiver, message_id: str, clock: Callable[[], float]) -> None:
        self._receiver = receiver
        self._message_id = message_id
        self._clock = clock

    async def headers(self, method: str, url: URL, body: bytes) -> dict[str, str]:
        return signature_headers(self._receiver, self._message_id, int(self._clock()), body)


def write(message: OutboundMessage) -> bytes:
    """Write the body, the same on every try."""
    files = [
        {"name": file.name, "type": file.media_type, "content": base64.b64encode(file.content).decode()}
        for file in message.attachments
    ]
    data = {
        "id": message.message_id,
        "channel": message.channel,
        "to": message.to,
        "title": message.subject,
        "text": message.text,
        "language": message.language,
        "purpose": message.purpose,
        "reference": message.tag,
        "html": message.html,
        "headers": dict(message.headers),
        "attachments": files,
    }
    told = {name: value for name, value in data.items() if value}
    return orjson.dumps({"type": "message.send", "timestamp": iso(message.first_sent), "data": told})


def judge(who: str, message_id: str, status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Say what an answer means; see the table above."""
    wait = retry_after(headers)
    if 200 <= status < 300:
        return Accepted(_read(body).id[:_LONGEST_ID] or message_id)
    if status in _NEVER:
        code = _read(body).code
        return refusal(code) if code in FAILURES else Refused("content", f"{who} does not take it ({status})")
    if status in _NOT_NOW:
        return Deferred(f"{who} cannot take it now ({status})", _WITHOUT_WORD if wait is None else wait)
    if status < 500 and status not in _LOST:
        return Deferred(f"{who} does not let us call it ({status})", wait)
    return Lost(f"{who} answered {status}", wait)


def _read(body: bytes) -> _Answer:
    try:
        return _decode(body)
    except msgspec.DecodeError:
        return _Answer()

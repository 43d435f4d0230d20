"""The subscriber's endpoint: proves itself first, then takes batches, as Event Grid's webhooks do.

https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema and
https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import orjson

from sandbox.event_source.mailbag import Parcel
from sandbox.event_source.schemas import Schema, validation_event

ORIGIN = "eventgrid.azure.net"
TIMEOUT = aiohttp.ClientTimeout(total=30)  # what Event Grid waits for an answer


@dataclass(frozen=True, slots=True)
class Target:
    """Where events go, in which schema, with which function key."""

    session: aiohttp.ClientSession
    url: str
    schema: Schema
    function_key: str | None = None

    @property
    def _query(self) -> Mapping[str, str]:
        return {"code": self.function_key} if self.function_key else {}

    async def handshake(self, at: str) -> str | None:
        """Ask the endpoint whether it wants the events: None when it does, else what went wrong."""
        try:
            if self.schema.content_type.startswith("application/cloudevents"):
                return await self._ask_by_options()
            return await self._ask_by_event(at)
        except (TimeoutError, aiohttp.ClientError) as error:
            return type(error).__name__

    async def send(self, parcels: Sequence[Parcel]) -> int | None:
        """POST the parcels in one request: the status answered, None when there was no answer."""
        single = len(parcels) == 1 and self.schema.content_type != self.schema.batch_content_type
        body = parcels[0].body if single else b"[" + b",".join(parcel.body for parcel in parcels) + b"]"
        kind = self.schema.content_type if single else self.schema.batch_content_type
        headers = {"aeg-delivery-count": str(parcels[0].attempts), **_headers("Notification", kind)}
        try:
            async with self.session.post(
                self.url, params=self._query, data=body, headers=headers, timeout=TIMEOUT
            ) as answer:
                await answer.read()
                return answer.status
        except (TimeoutError, aiohttp.ClientError):
            return None

    async def _ask_by_event(self, at: str) -> str | None:
        code = str(uuid.uuid4())
        body = orjson.dumps([validation_event(code, at)])
        headers = _headers("SubscriptionValidation", self.schema.content_type)
        async with self.session.post(
            self.url, params=self._query, data=body, headers=headers, timeout=TIMEOUT
        ) as answer:
            if answer.status != 200:
                return f"answered {answer.status}, not 200"
            return None if _echoes(await answer.read(), code) else "did not echo the validation code"

    async def _ask_by_options(self) -> str | None:
        headers = {"WebHook-Request-Origin": ORIGIN}
        async with self.session.options(
            self.url, params=self._query, headers=headers, timeout=TIMEOUT
        ) as answer:
            if answer.status != 200:
                return f"answered {answer.status}, not 200"
            allowed = answer.headers.get("WebHook-Allowed-Origin")
            return None if allowed in (ORIGIN, "*") else "did not allow the origin"


def _headers(event_type: str, content_type: str) -> dict[str, str]:
    return {
        "aeg-event-type": event_type,
        "aeg-subscription-name": "HEARTHLINE",
        "aeg-metadata-version": "1",
        "Content-Type": content_type,
    }


def _echoes(body: bytes, code: str) -> bool:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    said = answer.get("validationResponse") if isinstance(answer, dict) else None
    return isinstance(said, str) and hmac.compare_digest(said, code)

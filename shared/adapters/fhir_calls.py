"""One call to the FHIR server: authenticated, bounded in time, size and number, and patient when throttled.

Under shared.adapters.fhir_http, which says what is called and what comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp
import orjson
from yarl import URL

from shared.adapters.fhir_answers import failure, retry_after
from shared.adapters.identity import TokenProvider
from shared.errors import Rejected, Unavailable

_FHIR_JSON = "application/fhir+json"
_THROTTLED = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class FhirLimits:
    """How much of the FHIR server one instance uses, and how long it waits for it (seconds)."""

    concurrency: int = 32
    total: float = 30.0
    connect: float = 5.0
    tries: int = 4
    """Calls in all when the server says 429, or 503 with a Retry-After."""
    longest_pause: float = 5.0
    """Asked to wait longer, we give up at once: the queue waits better than a worker does."""
    first_pause: float = 0.5
    body_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A status that the caller understands, with its headers and its JSON; None when there is no body."""

    status: int
    headers: Mapping[str, str]
    body: object


class FhirCalls:
    """Calls one FHIR server over a session that somebody else owns and closes."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        token: TokenProvider | None = None,
        limits: FhirLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.base = URL(base_url.rstrip("/"))
        self._session = session
        self._token = token
        self._limits = limits or FhirLimits()
        self._sleep = sleep
        self._slots = asyncio.Semaphore(self._limits.concurrency)
        self._timeout = aiohttp.ClientTimeout(total=self._limits.total, connect=self._limits.connect)

    async def get(self, url: URL, expected: frozenset[int] = frozenset()) -> Answer:
        """GET; statuses of `expected` are answers beside 2xx, any other is raised (see fhir_answers)."""
        return await self._call("GET", url, None, {}, expected)

    async def put(self, url: URL, body: object, headers: Mapping[str, str]) -> Answer:
        """PUT JSON; only repeated when the server said that it did not take it."""
        return await self._call("PUT", url, orjson.dumps(body), headers, frozenset())

    async def _call(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        headers: Mapping[str, str],
        expected: frozenset[int],
    ) -> Answer:
        async with self._slots:  # held through the pauses too: throttled, we ask less
            for attempt in range(1, self._limits.tries + 1):
                answer = await self._try(method, url, body, headers)
                if answer.status < 300 or answer.status in expected:
                    return answer
                pause = self._pause(answer, attempt)
                if pause is None:
                    break
                await self._sleep(pause)
        raise failure(answer.status, answer.headers)

    def _pause(self, answer: Answer, attempt: int) -> float | None:
        """Return the seconds until the next try, None for no further try."""
        if answer.status not in _THROTTLED or attempt >= self._limits.tries:
            return None
        asked = retry_after(answer.headers)
        if asked is None:
            asked = self._limits.first_pause * 2 ** (attempt - 1) if answer.status == 429 else None
        return asked if asked is not None and asked <= self._limits.longest_pause else None

    async def _try(self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        sent = await self._headers(headers, body)
        try:
            async with self._session.request(
                method, url, data=body, headers=sent, timeout=self._timeout, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await self._json(response))
        except TimeoutError:
            raise Unavailable("the FHIR server did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:  # its text holds the URL: the type says enough
            raise Unavailable(f"no answer from the FHIR server ({type(error).__name__})") from None

    async def _headers(self, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        sent = {"Accept": _FHIR_JSON, **headers}
        if body is not None:
            sent["Content-Type"] = _FHIR_JSON
        if self._token is not None:
            sent["Authorization"] = f"Bearer {await self._token()}"
        return sent

    async def _json(self, response: aiohttp.ClientResponse) -> object:
        """Decode a success; a web page, which no FHIR server sends, says that the address is wrong."""
        if response.content_type == "text/html":
            where = "a web page instead of FHIR: check HEARTHLINE_FHIR_URL"
            raise Unavailable(
                f"the FHIR server sent {where} ({response.status})", retry_after(response.headers)
            )
        if response.status >= 300:
            return None
        text = await self._read(response)
        try:
            return orjson.loads(text) if text else None
        except orjson.JSONDecodeError:
            raise Unavailable("the FHIR server sent what is not JSON") from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._limits.body_bytes:
                raise Rejected("the FHIR server sent more than we take", "too-large")
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

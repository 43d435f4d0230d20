"""One call to the FHIR server: authenticated, bounded in time, size and number, and patient when throttled.

Under shared.adapters.fhir_http, which says what is called and what comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import orjson
from yarl import URL

from shared.adapters.fhir_answers import failure, retry_after
from shared.adapters.identity import TokenProvider
from shared.errors import Rejected, Unavailable

_FHIR_JSON = "application/fhir+json"
_FORM = "application/x-www-form-urlencoded"
_THROTTLED = frozenset({429, 503})
_NOT_TO_BE_HAD = frozenset({400, 401, 403, 404, 409, 410})


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

    async def get(
        self, url: URL, expected: frozenset[int] = frozenset(), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """GET; statuses of `expected` are answers beside 2xx, any other is raised (see fhir_answers)."""
        return await self._call("GET", url, None, headers or {}, expected)

    async def delete(self, url: URL, expected: frozenset[int] = frozenset()) -> Answer:
        """DELETE; as `get`."""
        return await self._call("DELETE", url, None, {}, expected)

    async def chunks(self, url: URL, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
        """Download what may be long, as it comes, with these headers alone. Raises Unavailable, Rejected.

        However long it takes, no more than `total` seconds pass between two pieces.
        """
        try:
            async with self._download(url, headers) as response:
                async for chunk in response.content.iter_any():
                    yield chunk
        except TimeoutError:
            raise Unavailable("a download did not go on in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"a download broke off ({type(error).__name__})") from None

    @asynccontextmanager
    async def _download(self, url: URL, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        limits = self._limits
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.total)
        async with self._session.get(
            url, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            if response.status in _NOT_TO_BE_HAD:
                told = f"an exported file cannot be had ({response.status})"
                raise Rejected(
                    f"{told}: if it lies in a storage container, fetch it from there", "no-such-file"
                )
            if response.status != 200:
                raise failure(response.status, response.headers)
            yield response

    async def authorization(self) -> dict[str, str]:
        """Return the header that proves who we are; none where the server wants none."""
        return {} if self._token is None else {"Authorization": f"Bearer {await self._token()}"}

    async def put(self, url: URL, body: object, headers: Mapping[str, str]) -> Answer:
        """PUT JSON; only repeated when the server said that it did not take it."""
        return await self._call("PUT", url, orjson.dumps(body), headers, frozenset())

    async def search(self, url: URL, form: str) -> Answer:
        """POST a search: what is looked for is in the body, as it may be somebody's name."""
        return await self._call("POST", url, form.encode(), {"Content-Type": _FORM}, frozenset())

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
        sent = {"Accept": _FHIR_JSON, **headers, **await self.authorization()}
        if body is not None:
            sent.setdefault("Content-Type", _FHIR_JSON)
        return sent

    async def _json(self, response: aiohttp.ClientResponse) -> object:
        """Decode a success; a web page, which no FHIR server sends, says that the address is wrong."""
        if response.content_type == "text/html":
            where = "a web page instead of FHIR: check HEARTHLINE_FHIR_URL"
            raise Unavailable(
                f"the FHIR server sent {where} ({response.status})", retry_after(response.headers)
            )
        if response.status >= 300 or response.status == 202:  # accepted: what is wanted comes later
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

"""One idempotent POST to a provider, mostly ACS: repeats with the same id what was lost, says what is known.

What is known after each way a call can end:

| seen                                            | the message was          | so                       |
|-------------------------------------------------|--------------------------|--------------------------|
| no connection, no TLS, no token                 | not sent                 | Deferred                 |
| 429, 503, 401, 403, 404, redirect               | answered, not executed   | Deferred (Retry-After)   |
| other 4xx                                       | answered, not executed   | Refused                  |
| 202                                             | accepted                 | Accepted                 |
| time-out or connection lost after connecting    | perhaps accepted         | repeat, then Unknown     |
| 500 and other 5xx, 408, 409, unreadable 202     | perhaps accepted         | repeat, then Unknown     |
| 412, or repeatability "rejected"                | perhaps, by an older try | Unknown                  |

Once a try was lost, only an acceptance settles it: a later 429 or 400 speaks of the later try alone. ACS
answers a repeat with the first try's result, executes it again after a 5xx, answers 409 while the first
runs, and 412 once `first_sent` is older than its five-minute memory
(https://learn.microsoft.com/rest/api/communication/repeatable-requests).

Who is told to wait waits with everything: until Retry-After has passed, other messages on the same path are
deferred without a call (https://learn.microsoft.com/azure/communication-services/concepts/service-limits).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

import aiohttp
from yarl import URL

from shared.adapters.acs_answers import Lost, Verdict
from shared.errors import Unavailable
from shared.message.outbound import Accepted, Deferred, Refused, SendResult, Unknown

_LARGE = 1024 * 1024

Judge = Callable[[int, Mapping[str, str], bytes], Verdict]
"""Says what an answer (status, headers, body) means for the message."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a send may take, in seconds, and how often a lost call is repeated."""

    total: float = 20.0
    one_try: float = 8.0
    connect: float = 3.0
    tries: int = 4
    first_pause: float = 0.1
    longest_pause: float = 2.0
    longest_wait: float = 600.0
    """For how long a throttled path is left alone at most."""


class Signs(Protocol):
    """Proves who makes a request, anew on each try."""

    async def headers(self, method: str, url: URL, body: bytes) -> dict[str, str]:
        """Give the headers that authenticate this very request. Raises Unavailable."""
        ...


class AcsHttp:
    """Posts to one resource over a session that somebody else owns and closes; `who` names it in reasons."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        endpoint: str,
        auth: Signs | None,
        patience: Patience | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        who: str = "ACS",
    ) -> None:
        self._session = session
        self._endpoint = endpoint.rstrip("/")
        self._auth = auth
        self._patience = patience or Patience()
        self._sleep = sleep
        self._clock = clock
        self._who = who
        self._closed: dict[str, tuple[float, str]] = {}
        """Until when each path is left alone, and why."""

    async def deliver(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        judge: Judge,
        auth: Signs | None = None,
    ) -> SendResult:
        """Post `body` until its fate is settled or patience ends; never raises for a failed call.

        The request must carry its idempotency id, as it goes out unchanged on every try;
        `auth` signs it in place of what signs the others.
        """
        url = URL(self._endpoint + path, encoded=True)
        now = asyncio.get_running_loop().time
        if waiting := self._waiting(path):
            return waiting
        end = now() + self._patience.total
        lost: Lost | None = None
        for attempt in range(self._patience.tries):
            verdict = self._heed(path, await self._try(url, headers, body, judge, end - now(), auth))
            if isinstance(verdict, Accepted | Unknown):
                return verdict
            if lost is None and not isinstance(verdict, Lost):
                return verdict
            lost = lost or (verdict if isinstance(verdict, Lost) else None)
            pause = self._pause(attempt, verdict)
            if isinstance(verdict, Refused) or now() + pause >= end:
                break
            await self._sleep(pause)
        return Unknown(lost.reason if lost else "no try was made")

    def _waiting(self, path: str) -> Deferred | None:
        until, reason = self._closed.get(path, (0.0, ""))
        left = until - self._clock()
        return Deferred(reason, left, held=True) if left > 0 else None

    def _heed(self, path: str, verdict: Verdict) -> Verdict:
        """Leave a path alone for as long as its answer asks."""
        if isinstance(verdict, Deferred) and verdict.retry_after:
            wait = min(verdict.retry_after, self._patience.longest_wait)
            self._closed[path] = (self._clock() + wait, verdict.reason)
        return verdict

    def _pause(self, attempt: int, verdict: Lost | Deferred | Refused) -> float:
        asked = None if isinstance(verdict, Refused) else verdict.retry_after
        grown: float = self._patience.first_pause * 2**attempt
        return max(asked or 0.0, min(grown, self._patience.longest_pause))

    async def _try(
        self, url: URL, headers: Mapping[str, str], body: bytes, judge: Judge, left: float, auth: Signs | None
    ) -> Verdict:
        auth = auth or self._auth
        now = asyncio.get_running_loop().time
        end = now() + min(self._patience.one_try, left)
        try:
            async with asyncio.timeout_at(end):
                signed = await auth.headers("POST", url, body) if auth else {}
        except Unavailable as error:
            return Deferred(error.reason, error.retry_after)
        except TimeoutError:
            return Deferred("no credentials in time")
        return await self._post(url, {**headers, **signed}, body, judge, max(end - now(), 0.001))

    async def _post(
        self, url: URL, headers: Mapping[str, str], body: bytes, judge: Judge, seconds: float
    ) -> Verdict:
        connect = min(self._patience.connect, seconds)
        timeout = aiohttp.ClientTimeout(total=seconds, connect=connect, sock_connect=connect)
        try:
            async with self._session.post(
                url, data=_payload(body), headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return judge(answer.status, answer.headers, await answer.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Deferred(f"no connection to {self._who} ({type(error).__name__})")
        except TimeoutError:
            return Lost(f"{self._who} did not answer in time")
        except aiohttp.ClientError as error:  # its text can hold URLs: the type says enough
            return Lost(f"connection to {self._who} lost ({type(error).__name__})")


def _payload(body: bytes) -> bytes | BytesIO:
    """Hand large bodies to aiohttp as a stream, which it writes piece by piece (and warns otherwise)."""
    return BytesIO(body) if len(body) > _LARGE else body

"""One signed JSON call to ACS that sends nothing (opt-out list, phone numbers): it may be repeated."""

from __future__ import annotations

import aiohttp
from yarl import URL

from shared.adapters.acs_answers import retry_after
from shared.adapters.acs_auth import AcsAuth
from shared.errors import Rejected, Unavailable

_AGAIN = frozenset({408, 409, 425, 429})


class AcsCalls:
    """Calls one ACS resource over a session that somebody else owns and closes."""

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: str, auth: AcsAuth, seconds: float = 10.0
    ) -> None:
        self._session = session
        self._endpoint = endpoint.rstrip("/")
        self._auth = auth
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def call(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return the body of a 2xx answer; `path` has its query and is encoded.

        Raises Unavailable where another try may succeed, Rejected (with the code "http-…") otherwise.
        """
        url = URL(self._endpoint + path, encoded=True)
        headers = await self._auth.headers(method, url, body)
        kind = {"Content-Type": "application/json"} if body else {}
        try:
            async with self._session.request(
                method, url, data=body or None, headers={**headers, **kind, "Accept": "application/json"},
                timeout=self._timeout, allow_redirects=False,
            ) as answer:  # fmt: skip
                status, wait, content = answer.status, retry_after(answer.headers), await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:  # its text can hold URLs: the type says enough
            raise Unavailable(f"ACS cannot be reached ({type(error).__name__})") from None
        if 200 <= status < 300:
            return content
        if status >= 500 or status in _AGAIN:
            raise Unavailable(f"ACS answered {status}", wait)
        raise Rejected(f"ACS does not allow the call (HTTP {status})", f"http-{status}")

"""How many requests run at once, and how many may wait: what is beyond that is answered 429, as in Azure.

Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook#hostjson-settings
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

from sandbox.functions_host.host_json import HttpSettings
from sandbox.functions_host.http_codec import HttpReply

TOO_BUSY = HttpReply(429)


class HttpLimits:
    """Lets requests through to functions."""

    def __init__(self, settings: HttpSettings) -> None:
        self._most = _limit(settings.max_outstanding_requests)
        self._room = asyncio.Semaphore(_limit(settings.max_concurrent_requests))
        self._held = 0

    async def within(self, answer: Callable[[], Awaitable[HttpReply]]) -> HttpReply:
        """Answer as soon as there is room for it, or give 429 where too many wait already."""
        if self._held >= self._most:
            return TOO_BUSY
        self._held += 1
        try:
            async with self._room:
                return await answer()
        finally:
            self._held -= 1


def _limit(setting: int) -> int:
    return sys.maxsize if setting < 0 else setting

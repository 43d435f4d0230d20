"""The Webhooks port over HTTP: one POST, signed or as a Teams card, bounded in time, never redirected.

| seen                                        | raised                                               |
|---------------------------------------------|------------------------------------------------------|
| 2xx                                         | nothing                                              |
| 408, 425, 429, 5xx, 3xx, no answer in time  | Unavailable, with what Retry-After says              |
| other 4xx                                   | Rejected: another try would be refused as well       |

A receiver that could not take a call is left alone for a while: what else is to be told waits with it,
and no worker stands before a closed door. Addresses are secrets, so no reason holds one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from shared.adapters.acs_answers import retry_after
from shared.adapters.teams_card import teams_card
from shared.adapters.webhook_signing import signature_headers
from shared.errors import Rejected, Unavailable
from shared.journey.resources.posts import read_notice, without_patient
from shared.ports import WebhookKind
from shared.receivers import Receiver, SignedReceiver

_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class WebhookLimits:
    """How long a call may take and how many are under way at once; seconds."""

    total: float = 15.0
    connect: float = 5.0
    concurrency: int = 16
    pause: float = 8.0
    """How long a receiver is left alone that could not take a call, where it does not say."""
    longest_pause: float = 300.0


class WebhooksHttp:
    """Posts to the receivers of the settings over a session that somebody else owns and closes."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        receivers: Mapping[str, Receiver],
        console: str = "",
        limits: WebhookLimits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._receivers = receivers
        self._console = console
        self._limits = limits or WebhookLimits()
        self._clock = clock
        self._slots = asyncio.Semaphore(self._limits.concurrency)
        self._closed: dict[str, float] = {}
        """Until when each receiver is left alone."""

    @property
    def kinds(self) -> Mapping[str, WebhookKind]:
        """Return which there are."""
        return {name: receiver.kind for name, receiver in self._receivers.items()}

    async def post(self, to: str, post_id: str, body: bytes) -> None:
        """Post. Raises Rejected, Unavailable."""
        receiver = self._receivers.get(to)
        if receiver is None:
            raise Rejected(f"there is no webhook {to} in the settings", "no-such-webhook")
        left = self._closed.get(to, 0.0) - self._clock()
        if left > 0:
            raise Unavailable(f"the webhook {to} could not take a call a moment ago", left)
        try:
            async with asyncio.timeout(self._limits.total), self._slots:
                await self._post(to, receiver, post_id, body)
        except TimeoutError:
            raise self._close(to, "did not answer in time", None) from None
        except (aiohttp.ClientError, OSError) as error:  # its text holds the address: the type says enough
            raise self._close(to, f"cannot be reached ({type(error).__name__})", None) from None

    async def _post(self, to: str, receiver: Receiver, post_id: str, body: bytes) -> None:
        headers, payload = self._request(receiver, post_id, body)
        timeout = aiohttp.ClientTimeout(total=None, connect=self._limits.connect)
        async with self._session.post(
            receiver.url.get_secret_value(),
            data=payload,
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        ) as answer:
            status = answer.status
            if 200 <= status < 300:
                self._closed.pop(to, None)
            elif status >= 500 or status in _AGAIN or status < 400:
                raise self._close(to, f"cannot take it now ({status})", retry_after(answer.headers))
            else:
                raise Rejected(f"the webhook {to} does not take it ({status})", "webhook-refused")

    def _request(self, receiver: Receiver, post_id: str, body: bytes) -> tuple[dict[str, str], bytes]:
        headers = {"Content-Type": "application/json", "User-Agent": "Hearthline"}
        if not isinstance(receiver, SignedReceiver):
            return headers, teams_card(read_notice(body), self._console)
        payload = body if receiver.patient else without_patient(body)
        return headers | signature_headers(receiver, post_id, int(self._clock()), payload), payload

    def _close(self, to: str, reason: str, asked: float | None) -> Unavailable:
        """Leave a receiver alone for a while; what to raise."""
        pause = min(self._limits.pause if asked is None else asked, self._limits.longest_pause)
        self._closed[to] = self._clock() + pause
        return Unavailable(f"the webhook {to} {reason}", pause)

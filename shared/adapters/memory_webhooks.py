"""Webhooks in memory, for simulations and tests: verified by the contract suite of the real ones."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from shared.errors import HearthlineError, Rejected
from shared.ports import WebhookKind


class MemoryWebhooks:
    """Keeps what each receiver got; `failures` are raised first, one a call."""

    def __init__(self, kinds: Mapping[str, WebhookKind]) -> None:
        self._kinds = dict(kinds)
        self.failures: deque[HearthlineError] = deque()
        self.received: dict[str, dict[str, bytes]] = defaultdict(dict)
        """By receiver and id: what came again is the same."""
        self.calls: list[tuple[str, str]] = []
        """(receiver, id) of every call that was taken, in order."""

    @property
    def kinds(self) -> Mapping[str, WebhookKind]:
        """See Webhooks.kinds."""
        return self._kinds

    async def post(self, to: str, post_id: str, body: bytes) -> None:
        """See Webhooks.post."""
        if to not in self._kinds:
            raise Rejected(f"there is no webhook {to} in the settings", "no-such-webhook")
        if self.failures:
            raise self.failures.popleft()
        self.calls.append((to, post_id))
        self.received[to][post_id] = body

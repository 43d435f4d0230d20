"""What the broker tells of its queues by HTTP; apart from the broker, so that who asks loads no AMQP."""

from __future__ import annotations

import msgspec

HEALTH = "/sandbox/health"
QUEUES = "/sandbox/queues"


class Counts(msgspec.Struct, frozen=True):
    """The messages of a queue by state; `scheduled` and `deferred` wait aside, `locked` are somebody's."""

    active: int
    scheduled: int
    deferred: int
    locked: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.active + self.scheduled + self.deferred + self.locked

"""Which refusals of known callers go into the audit trail: not more than one a minute of each kind.

Only who proved who they are gets there, so strangers cannot fill the trail; and nobody can do it by asking
again and again for what they may not have.
"""

from __future__ import annotations

from shared.fhir.instants import MINUTE, Instant

_MOST = 10_000


class Denied:
    """What was refused lately, in this process."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], Instant] = {}

    def is_news(self, subject: str, operation: str, now: Instant) -> bool:
        """Say whether a refusal is to be noted; it counts as noted then."""
        before = self._last.get((subject, operation))
        if before is not None and 0 <= now - before < MINUTE:
            return False
        if len(self._last) >= _MOST:
            self._last.clear()
        self._last[subject, operation] = now
        return True

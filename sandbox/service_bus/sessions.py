"""The sessions of one queue: who holds which, until when, and the state that receivers keep with them.

Source: https://learn.microsoft.com/azure/service-bus-messaging/message-sessions.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.service_bus.errors import SESSION_LOST, SESSION_TAKEN, Refused
from sandbox.service_bus.stored import Holder, SessionLock


class Sessions:
    """Locks on sessions, each for `lock_seconds`."""

    def __init__(self, lock_seconds: float) -> None:
        self.states: dict[str, bytes] = {}
        self._lock_seconds = lock_seconds
        self._locks: dict[str, SessionLock] = {}

    def accept(self, wanted: str | None, waiting: Iterable[str], holder: Holder, now: float) -> str | None:
        """Lock `wanted`, or the first free one that is `waiting`, and return it. Raises Refused."""
        if wanted is not None and wanted in self._locks:
            raise Refused(SESSION_TAKEN, "the requested session is locked by another receiver")
        session = wanted
        if session is None:
            session = next((each for each in waiting if each not in self._locks), None)
        if session is not None:
            self._locks[session] = SessionLock(holder, now + self._lock_seconds)
        return session

    def renew(self, session: str, now: float) -> float:
        """Lock a session anew and return until when. Raises Refused."""
        lock = self._locks.get(session)
        if lock is None:
            raise Refused(SESSION_LOST, "the session lock was lost")
        lock.until = now + self._lock_seconds
        return lock.until

    def until(self, session: str) -> float:
        """Until when a session is locked; 0 if it is not."""
        lock = self._locks.get(session)
        return 0.0 if lock is None else lock.until

    def leave(self, session: str, holder: Holder) -> bool:
        """Unlock a session if `holder` has it."""
        lock = self._locks.get(session)
        if lock is None or lock.holder is not holder:
            return False
        del self._locks[session]
        return True

    def expire(self, now: float) -> dict[str, Holder]:
        """Unlock the sessions whose time is over; their holders by session."""
        lost = {name: lock.holder for name, lock in self._locks.items() if lock.until <= now}
        for name in lost:
            del self._locks[name]
        return lost

    def ends(self) -> list[float]:
        """When each lock ends."""
        return [lock.until for lock in self._locks.values()]

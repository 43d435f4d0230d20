"""One queue: takes messages in, gives them out under locks, settles them; knows no network and no clock.

Source: https://learn.microsoft.com/azure/service-bus-messaging/message-transfers-locks-settlement.
"""

from __future__ import annotations

import uuid
from bisect import insort
from collections.abc import Iterable, Iterator
from itertools import count

from sandbox.service_bus.content import Content
from sandbox.service_bus.counts import Counts
from sandbox.service_bus.errors import LOCK_LOST, MESSAGE_NOT_FOUND, NOT_ALLOWED, Refused
from sandbox.service_bus.sessions import Sessions
from sandbox.service_bus.settings import QueueSettings
from sandbox.service_bus.stored import ACTIVE, DEFERRED, SCHEDULED, Holder, Lock, Message

_REASON, _DESCRIPTION = "DeadLetterReason", "DeadLetterErrorDescription"


class Queue:
    """A queue, or (with no `dead_letters`) the dead-letter queue of one. `now` is in seconds since 1970."""

    def __init__(self, name: str, settings: QueueSettings, dead_letters: Queue | None) -> None:
        self.name = name
        self.settings = settings
        self.dead_letters = dead_letters
        self.uses_sessions = settings.sessions
        self.sessions = Sessions(settings.lock_seconds)
        self._numbers = count(1)
        self._ready: dict[str | None, list[Message]] = {}
        self._aside: dict[int, Message] = {}  # deferred and scheduled, by sequence number
        self._locks: dict[uuid.UUID, Lock] = {}
        self._seen: dict[object, float] = {}

    def require_sessions(self, sessions: bool) -> None:
        """Settle whether the queue has sessions, where that was left to its first receiver."""
        waiting = [message for ready in self._ready.values() for message in ready]
        self._ready.clear()
        self.uses_sessions = sessions
        for message in waiting:
            self._make_ready(message)

    def send(self, content: Content, now: float) -> int:
        """Take a message in and return its sequence number (0: a duplicate, dropped). Raises Refused."""
        if self.uses_sessions and content.session_id is None:
            raise Refused(NOT_ALLOWED, "the queue requires sessions and the message has no session id")
        if self._is_duplicate(content, now):
            return 0
        message = Message(content, next(self._numbers), now)
        if content.due is not None and content.due > now:
            self._set_aside(message, SCHEDULED)
        else:
            self._make_ready(message)
        return message.number

    def take(self, session: str | None, now: float) -> Lock | None:
        """Lock the first message, of a session if one is named."""
        ready = self._ready.get(session, [])
        while ready:
            message = ready.pop(0)
            if not ready:
                del self._ready[session]
            if not message.expired(now):
                return self._lock(message, session, now)
        return None

    def take_deferred(self, numbers: Iterable[int], session: str | None, now: float) -> list[Lock]:
        """Lock messages that were deferred. Raises Refused if one of them was not."""
        found = [self._aside.get(number) for number in numbers]
        messages = [each for each in found if each is not None and each.state == DEFERRED]
        if len(messages) < len(found):
            raise Refused(MESSAGE_NOT_FOUND, "there is no deferred message of that sequence number")
        return [self._lock(self._aside.pop(each.number), session, now) for each in messages]

    def complete(self, token: uuid.UUID, now: float) -> None:
        """Be done with a message. This and each other settling raises Refused when the lock is lost."""
        self._unlock(token, now)

    def abandon(self, token: uuid.UUID, now: float) -> None:
        """Give a message back after a failure."""
        self._give_back(self._unlock(token, now).message, now, failed=True)

    def release(self, token: uuid.UUID, now: float) -> None:
        """Give a message back untried."""
        self._give_back(self._unlock(token, now).message, now, failed=False)

    def defer(self, token: uuid.UUID, now: float) -> None:
        """Keep a message until it is asked for by its sequence number."""
        self._set_aside(self._unlock(token, now).message, DEFERRED)

    def dead_letter(self, token: uuid.UUID, reason: str, description: str, now: float) -> None:
        """Move a message to the dead-letter queue."""
        self._bury(self._unlock(token, now).message, reason, description, now)

    def renew(self, token: uuid.UUID, now: float) -> float:
        """Lock a message anew and return until when. Raises Refused."""
        lock = self._live(token, now)
        lock.until = now + self.settings.lock_seconds
        return lock.until

    def locked_until(self, lock: Lock) -> float:
        """Until when a lock holds: in a session, as long as the session's."""
        return self.sessions.until(lock.session) if lock.session is not None else lock.until

    def cancel(self, numbers: Iterable[int]) -> None:
        """Drop scheduled messages. Raises Refused if one of them is not there."""
        found = list(numbers)
        if any(self._aside[n].state != SCHEDULED if n in self._aside else True for n in found):
            raise Refused(MESSAGE_NOT_FOUND, "there is no scheduled message of that sequence number")
        for number in found:
            del self._aside[number]

    def peek(self, first: int, limit: int, session: str | None) -> list[Message]:
        """Show messages in the order of their numbers, whatever their state."""
        shown = [
            each for each in self._all()
            if each.number >= first and session in (None, each.content.session_id)
        ]  # fmt: skip
        return sorted(shown, key=lambda each: each.number)[:limit]

    def accept_session(self, wanted: str | None, holder: Holder, now: float) -> str | None:
        """Lock a session, or the next that has messages (None: there is none). Raises Refused."""
        waiting = (name for name, ready in self._ready.items() if name is not None and ready)
        return self.sessions.accept(wanted, waiting, holder, now)

    def leave_session(self, session: str, holder: Holder, now: float) -> None:
        """Unlock a session; what is locked in it comes back untried."""
        if self.sessions.leave(session, holder):
            self._return_session(session, now, failed=False)

    def advance(self, now: float) -> list[Holder]:
        """Do what time brings: due messages, lost locks. Returns the holders of lost sessions."""
        for message in [each for each in self._aside.values() if each.state == SCHEDULED]:
            if (message.content.due or 0) <= now:
                self._make_ready(self._aside.pop(message.number))
        for lock in [each for each in self._locks.values() if each.session is None and each.until <= now]:
            del self._locks[lock.token]
            self._give_back(lock.message, now, failed=True)
        lost = self.sessions.expire(now)
        for session in lost:
            self._return_session(session, now, failed=True)
        return list(lost.values())

    def counts(self) -> Counts:
        """Count the messages by state."""
        scheduled = sum(each.state == SCHEDULED for each in self._aside.values())
        active = sum(map(len, self._ready.values()))
        return Counts(active, scheduled, len(self._aside) - scheduled, len(self._locks))

    def next_event(self) -> float | None:
        """When `advance` has something to do."""
        due = (each.content.due or 0 for each in self._aside.values() if each.state == SCHEDULED)
        locks = (each.until for each in self._locks.values() if each.session is None)
        return min([*due, *locks, *self.sessions.ends()], default=None)

    def _is_duplicate(self, content: Content, now: float) -> bool:
        window = self.settings.duplicate_seconds
        if not window or content.message_id is None:
            return False
        while self._seen and next(iter(self._seen.values())) + window <= now:  # in the order of coming
            del self._seen[next(iter(self._seen))]
        known = content.message_id in self._seen
        self._seen.setdefault(content.message_id, now)
        return known

    def _lock(self, message: Message, session: str | None, now: float) -> Lock:
        lock = Lock(message, now + self.settings.lock_seconds, session)
        self._locks[lock.token] = lock
        return lock

    def _live(self, token: uuid.UUID, now: float) -> Lock:
        lock = self._locks.get(token)
        if lock is None or (lock.session is None and lock.until <= now):
            raise Refused(LOCK_LOST, "the lock supplied is invalid: it expired, or the message was settled")
        return lock

    def _unlock(self, token: uuid.UUID, now: float) -> Lock:
        lock = self._live(token, now)
        del self._locks[token]
        return lock

    def _give_back(self, message: Message, now: float, failed: bool) -> None:
        message.deliveries += failed
        if self.dead_letters is not None and message.deliveries >= self.settings.max_deliveries:
            tried = f"Message could not be consumed after {message.deliveries} delivery attempts."
            self._bury(message, "MaxDeliveryCountExceeded", tried, now)
        else:
            self._make_ready(message)

    def _return_session(self, session: str, now: float, failed: bool) -> None:
        for lock in [each for each in self._locks.values() if each.session == session]:
            del self._locks[lock.token]
            self._give_back(lock.message, now, failed)

    def _bury(self, message: Message, reason: str, description: str, now: float) -> None:
        if self.dead_letters is None:
            raise Refused(NOT_ALLOWED, "a dead-letter queue has no dead-letter queue")
        why = {_REASON: reason, _DESCRIPTION: description}
        message.content = message.content.with_application({k: v for k, v in why.items() if v})
        message.source = self.name
        self.dead_letters._make_ready(message)

    def _make_ready(self, message: Message) -> None:
        """Put a message in its place: the order of sequence numbers, in its session where there are such."""
        if message.state == SCHEDULED:
            message.enqueued = message.content.due or message.enqueued
        message.state = ACTIVE
        key = message.content.session_id if self.uses_sessions else None
        insort(self._ready.setdefault(key, []), message, key=lambda each: each.number)

    def _set_aside(self, message: Message, state: int) -> None:
        message.state = state
        self._aside[message.number] = message

    def _all(self) -> Iterator[Message]:
        yield from (message for ready in self._ready.values() for message in ready)
        yield from self._aside.values()
        yield from (lock.message for lock in self._locks.values())

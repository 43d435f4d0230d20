"""The operations of `queue/$management`: locks, peeking, schedules, deferred messages and session states.

Source: https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import cast

from proton import UNDESCRIBED, Array, Data, timestamp

from sandbox.service_bus.broker import Broker
from sandbox.service_bus.content import unpack
from sandbox.service_bus.entity import Entity
from sandbox.service_bus.errors import NOT_IMPLEMENTED, Refused
from sandbox.service_bus.requests import Answer

type Body = dict[str, object]

_NOTHING = Answer(204)


class Management:
    """The management node of one queue."""

    def __init__(self, broker: Broker, entity: Entity) -> None:
        self._broker = broker
        self._entity = entity
        self._queue = entity.queue
        self._operations: dict[str, Callable[[Body, float], Answer]] = {
            "com.microsoft:renew-lock": self._renew_locks,
            "com.microsoft:renew-session-lock": self._renew_session,
            "com.microsoft:peek-message": self._peek,
            "com.microsoft:schedule-message": self._schedule,
            "com.microsoft:cancel-scheduled-message": self._cancel,
            "com.microsoft:receive-by-sequence-number": self._receive_deferred,
            "com.microsoft:update-disposition": self._settle,
            "com.microsoft:get-session-state": self._session_state,
            "com.microsoft:set-session-state": self._set_session_state,
        }

    def operate(self, operation: str, body: Body) -> Answer:
        """Carry an operation out. Raises Refused."""
        found = self._operations.get(operation)
        if found is None:
            raise Refused(NOT_IMPLEMENTED, f"the sandbox does not know the operation {operation!r}")
        answer = found(body, self._entity.now())
        self._broker.pump(self._entity)
        return answer

    def _renew_locks(self, body: Body, now: float) -> Answer:
        ends = [self._queue.renew(token, now) for token in _tokens(body)]
        return Answer(200, {"expirations": _array(Data.TIMESTAMP, map(_timestamp, ends))})

    def _renew_session(self, body: Body, now: float) -> Answer:
        return Answer(200, {"expiration": _timestamp(self._queue.sessions.renew(_session(body) or "", now))})

    def _peek(self, body: Body, now: float) -> Answer:
        first, limit = _int(body["from-sequence-number"]), _int(body["message-count"])
        shown = self._queue.peek(first, limit, _session(body))
        return Answer(200, {"messages": [{"message": each.pack()} for each in shown]}) if shown else _NOTHING

    def _schedule(self, body: Body, now: float) -> Answer:
        entries = [_dict(each) for each in _list(body["messages"])]
        contents = [content for each in entries for content in unpack(_bytes(each["message"]))]
        numbers = [self._queue.send(content, now) for content in contents]
        return Answer(200, {"sequence-numbers": _array(Data.LONG, numbers)})

    def _cancel(self, body: Body, now: float) -> Answer:
        self._queue.cancel(_numbers(body))
        return Answer(200)

    def _receive_deferred(self, body: Body, now: float) -> Answer:
        locks = self._queue.take_deferred(_numbers(body), _session(body), now)
        found = [
            {"message": lock.message.pack(self._queue.locked_until(lock)), "lock-token": lock.token}
            for lock in locks
        ]
        if not _int(body["receiver-settle-mode"]):  # receive and delete
            for lock in locks:
                self._queue.complete(lock.token, now)
        return Answer(200, {"messages": found})

    def _settle(self, body: Body, now: float) -> Answer:
        how = body["disposition-status"]
        for token in _tokens(body):
            if how == "completed":
                self._queue.complete(token, now)
            elif how == "abandoned":
                self._queue.abandon(token, now)
            elif how == "defered":  # so spelt by Azure
                self._queue.defer(token, now)
            elif how == "suspended":
                reason, why = body.get("deadletter-reason"), body.get("deadletter-description")
                self._queue.dead_letter(token, str(reason or ""), str(why or ""), now)
        return Answer(200)

    def _session_state(self, body: Body, now: float) -> Answer:
        return Answer(200, {"session-state": self._queue.sessions.states.get(_session(body) or "")})

    def _set_session_state(self, body: Body, now: float) -> Answer:
        state = body.get("session-state")
        self._queue.sessions.states.pop(_session(body) or "", None)
        if state is not None:
            self._queue.sessions.states[_session(body) or ""] = _bytes(state)
        return Answer(200)


def _timestamp(seconds: float) -> timestamp:
    return timestamp(int(seconds * 1000))


def _array(kind: int, values: Iterable[int]) -> Array:
    return Array(cast(None, UNDESCRIBED), kind, *values)  # proton's types leave out its own constant


def _session(body: Body) -> str | None:
    value = body.get("session-id")
    return None if value is None else str(value)


def _tokens(body: Body) -> list[uuid.UUID]:
    return [each for each in _list(body["lock-tokens"]) if isinstance(each, uuid.UUID)]


def _numbers(body: Body) -> list[int]:
    return [_int(each) for each in _list(body["sequence-numbers"])]


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, Iterable) else []


def _dict(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0

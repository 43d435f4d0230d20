"""When Event Grid tries again and when it gives up.

https://learn.microsoft.com/azure/event-grid/delivery-and-retry: waits of 10 s, 30 s, 1, 5, 10, 30 min, 1, 3,
6 h and then 12 h; at most 30 attempts within 24 hours; some answers are final at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from random import Random

_LADDER = (10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600)
_THEN = 43_200
_AT_LEAST = {408: 120, 503: 30}
_FINAL = frozenset({400, 401, 403, 413})
_OUTCOMES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "TimedOut",
    429: "Busy",
    503: "Busy",
}
MAX_ATTEMPTS = 30
TIME_TO_LIVE = 86_400.0


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No further attempt: the words for the dead letter."""

    reason: str


def succeeded(status: int) -> bool:
    """Tell whether Event Grid takes an answer as an acknowledgement."""
    return status in (200, 201, 202, 203, 204)


def outcome(status: int | None) -> str:
    """Name the last answer as a dead letter does; None is no answer at all."""
    if status is None:
        return "Aborted"
    if status in _OUTCOMES:
        return _OUTCOMES[status]
    return HTTPStatus(status).name.title().replace("_", "") if status in set(HTTPStatus) else "GenericError"


def next_wait(status: int | None, attempts: int, age: float, chance: Random) -> float | GiveUp:
    """Say how many seconds of Event Grid's to wait after attempt number `attempts`, or to give up.

    `age` is how long ago the event was published, in Event Grid's seconds too.
    """
    if status in _FINAL:
        return GiveUp(f"UndeliverableDueToHttp{outcome(status)}")
    if attempts >= MAX_ATTEMPTS:
        return GiveUp("MaxDeliveryAttemptsExceeded")
    rung = _LADDER[attempts - 1] if attempts <= len(_LADDER) else _THEN
    wait = max(rung, _AT_LEAST.get(status or 0, 0)) * (1 + chance.random() / 10)
    return GiveUp("TimeToLiveExceeded") if age + wait > TIME_TO_LIVE else wait

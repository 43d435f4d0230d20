"""What an ACS status code says about a message, the same for every channel (see acs_http's table).

Sources: https://learn.microsoft.com/rest/api/communication/errorcodes and .../repeatable-requests.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from shared.fhir.instants import SECOND, Instant
from shared.message.failures import FAILURES
from shared.message.outbound import Accepted, Deferred, Refused, Unknown

_NOT_NOW = {
    401: "ACS does not accept our credentials",
    403: "ACS forbids this resource to send",
    404: "the ACS endpoint does not exist",
    429: "ACS asks for fewer messages",
    503: "ACS is unavailable",
}
_LOST = {408, 409}
_CONTENT = {400, 413, 415, 422}
_THROTTLED = 429
_WITHOUT_WORD = 5.0
"""Seconds to wait after a throttling that names none."""
_WINDOW_PASSED = 412


@dataclass(frozen=True, slots=True)
class Lost:
    """One try whose message may have been accepted; repeating it with the same id may tell."""

    reason: str
    retry_after: float | None = None


Verdict = Accepted | Refused | Deferred | Unknown | Lost


def judge_failure(status: int, headers: Mapping[str, str]) -> Verdict:
    """Say what an answer other than an acceptance means."""
    wait = retry_after(headers)
    if status == _WINDOW_PASSED or headers.get("Repeatability-Result", "").lower() == "rejected":
        return Unknown("ACS no longer knows whether this id was executed")
    if status in _NOT_NOW or 300 <= status < 400:
        if wait is None and status == _THROTTLED:
            wait = _WITHOUT_WORD
        return Deferred(_NOT_NOW.get(status, "ACS redirects"), wait)
    if 400 <= status < 500 and status not in _LOST:
        code = "content" if status in _CONTENT else f"http-{status}"
        return Refused(code, f"ACS rejects the message (HTTP {status})")
    return Lost(f"ACS answered {status}", wait)


def refusal(code: str) -> Refused:
    """Refuse for a kind of failure, in its words."""
    return Refused(code, FAILURES[code])


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (seconds or a date, RFC 9110) as seconds from now; None when absent or unreadable."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except ValueError:
        return None


def http_date(instant: Instant) -> str:
    """Write an instant as an RFC 1123 date, what Repeatability-First-Sent wants."""
    return formatdate(instant // SECOND, usegmt=True)

"""What the FHIR server's answers mean: which failure each status is, and how long it asks us to wait.

| status                      | raised                                         |
|-----------------------------|------------------------------------------------|
| 401, 403                    | Unavailable, telling the operator what to check |
| 409, 412                    | Conflict                                       |
| 408, 425, 429, 5xx, 3xx     | Unavailable, with what Retry-After says        |
| 404, 405, 501               | Rejected, not-supported (such as a type)       |
| 400, 422 and all other 4xx  | Rejected, fhir-refused                         |

Nothing of a body goes into a reason: an OperationOutcome can quote the patient.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from shared.errors import Conflict, HearthlineError, Rejected, Unavailable

_CREDENTIALS = (
    "the FHIR server refuses our credentials ({}): check HEARTHLINE_FHIR_AUTH and that this identity may read"
)
_AGAIN = frozenset({408, 425, 429})
_UNSUPPORTED = frozenset({404, 405, 501})


def failure(status: int, headers: Mapping[str, str]) -> HearthlineError:
    """Return what to raise for a status that is not a success."""
    if status in (401, 403):
        return Unavailable(_CREDENTIALS.format(status))
    if status in (409, 412):
        return Conflict(f"the FHIR server has another version ({status})")
    if status in _UNSUPPORTED:
        return Rejected(f"the FHIR server does not support this ({status})", "not-supported")
    if 300 <= status < 400:
        return Unavailable(f"the FHIR server redirects us ({status}): check HEARTHLINE_FHIR_URL")
    if status >= 500 or status in _AGAIN:
        return Unavailable(f"the FHIR server cannot answer now ({status})", retry_after(headers))
    return Rejected(f"the FHIR server refused the request ({status})", "fhir-refused")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait: Azure's x-ms-retry-after-ms, or Retry-After in seconds or as a date."""
    exact = _seconds(headers.get("x-ms-retry-after-ms", ""))
    if exact is not None:
        return exact / 1000
    asked = headers.get("Retry-After", "")
    plain = _seconds(asked)
    return plain if plain is not None else _until(asked, headers.get("Date", ""))


def _seconds(text: str) -> float | None:
    digits = text.strip()
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _until(asked: str, date: str) -> float | None:
    """Count from the server's own Date, as its clock need not be ours."""
    end = _moment(asked)
    if end is None:
        return None
    now = _moment(date)
    return max(0.0, end - (time.time() if now is None else now))


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def version_of(headers: Mapping[str, str]) -> str:
    """Return the version id in an ETag (W/"3"), or ""."""
    return headers.get("ETag", "").removeprefix("W/").strip('"')

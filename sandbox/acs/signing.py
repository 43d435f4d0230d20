"""Who may call: the check of HMAC signatures and bearer tokens, as ACS makes it.

Source: https://learn.microsoft.com/rest/api/communication/authentication. The signature itself is worked
out by the same function that signs our own calls; the real SDKs, which sign with their own, are run against
this in the contract tests.
"""

from __future__ import annotations

import base64
import hmac
import time
from email.utils import parsedate_to_datetime

from aiohttp import web

from shared.adapters.acs_auth import SIGNED_HEADERS, content_hash, signature

_MAX_SKEW = 300.0
_PREFIX = f"HMAC-SHA256 SignedHeaders={SIGNED_HEADERS}&Signature="


class Gate:
    """Admits a call that is signed with the access key, or that bears the token when one is configured."""

    def __init__(self, access_key: str, bearer: str = "") -> None:
        self._secret = base64.b64decode(access_key, validate=True)
        self._bearer = f"Bearer {bearer}" if bearer else ""

    def admits(self, request: web.Request, body: bytes) -> bool:
        """Check one call. Its date is judged by the machine's clock, as the SDKs sign by that."""
        given = request.headers.get("Authorization", "")
        if self._bearer and hmac.compare_digest(given.encode(), self._bearer.encode()):
            return True
        if not given.startswith(_PREFIX):
            return False
        return self._is_signed(request, body, given.removeprefix(_PREFIX))

    def _is_signed(self, request: web.Request, body: bytes, given: str) -> bool:
        date = request.headers.get("x-ms-date", "")
        digest = content_hash(body)
        if request.headers.get("x-ms-content-sha256") != digest or not _is_recent(date):
            return False
        host = request.headers.get("Host", "")
        expected = signature(self._secret, request.method, request.raw_path, date, host, digest)
        return hmac.compare_digest(given.encode(), expected.encode())


def _is_recent(date: str) -> bool:
    try:
        return abs(parsedate_to_datetime(date).timestamp() - time.time()) <= _MAX_SKEW
    except ValueError:
        return False

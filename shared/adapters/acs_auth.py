"""How a call to Azure Communication Services proves who makes it: access key (HMAC) or Entra token.

Source: https://learn.microsoft.com/rest/api/communication/authentication and the signing policy of the
azure-communication SDKs, whose signature these functions reproduce at a tenth of the cost.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from email.utils import formatdate
from typing import Protocol

from yarl import URL

from shared.adapters.identity import TokenProvider

SCOPE = "https://communication.azure.com/.default"
SIGNED_HEADERS = "x-ms-date;host;x-ms-content-sha256"


class AcsAuth(Protocol):
    """Signs one request."""

    async def headers(self, method: str, url: URL, body: bytes) -> dict[str, str]:
        """Give the headers that authenticate this very request. Raises Unavailable."""
        ...


class AcsKey:
    """Signs with the resource's access key (base64). Raises ValueError for a key that is not base64."""

    def __init__(self, access_key: str) -> None:
        try:
            self._secret = base64.b64decode(access_key, validate=True)
        except binascii.Error:
            raise ValueError("the ACS access key is not base64") from None

    async def headers(self, method: str, url: URL, body: bytes) -> dict[str, str]:
        """Sign method, path and query, date, host and the body's hash."""
        date = formatdate(time.time(), usegmt=True)
        digest = content_hash(body)
        host = url.host_port_subcomponent or ""
        signed = signature(self._secret, method, url.raw_path_qs, date, host, digest)
        return {
            "x-ms-date": date,
            "x-ms-content-sha256": digest,
            "Authorization": f"HMAC-SHA256 SignedHeaders={SIGNED_HEADERS}&Signature={signed}",
        }


class AcsBearer:
    """Sends the token that an async provider gives."""

    def __init__(self, provider: TokenProvider) -> None:
        self._provider = provider

    async def headers(self, method: str, url: URL, body: bytes) -> dict[str, str]:
        """Ask for a token; the request itself is not signed."""
        return {"Authorization": f"Bearer {await self._provider()}"}


def content_hash(body: bytes) -> str:
    """Give the base64 SHA-256 that `x-ms-content-sha256` carries."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def signature(secret: bytes, method: str, path_qs: str, date: str, host: str, digest: str) -> str:
    """Give the base64 HMAC-SHA256 over what ACS signs; both sides use it, here and in the sandbox."""
    signed = f"{method}\n{path_qs}\n{date};{host};{digest}".encode()
    return base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()

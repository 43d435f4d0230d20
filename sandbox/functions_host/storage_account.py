"""Storage connection strings, and requests signed by SharedKey.

Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

import msgspec

API_VERSION = "2021-12-02"
_DEVELOPMENT_NAME = "devstoreaccount1"
# The emulator's well-known account key, public and the same on every machine:
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite#well-known-storage-account-and-key
_DEVELOPMENT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class QueueAccount(msgspec.Struct, frozen=True):
    """An account's queue endpoint (no slash at its end), name and key."""

    endpoint: str
    name: str
    key: bytes

    @classmethod
    def parse(cls, connection: str) -> Self:
        """Read a connection string; UseDevelopmentStorage=true is Azurite's. Raises ValueError."""
        parts = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
        if parts.get("UseDevelopmentStorage", "").lower() == "true":
            proxy = parts.get("DevelopmentStorageProxyUri", "http://127.0.0.1").rstrip("/")
            return cls(f"{proxy}:10001/{_DEVELOPMENT_NAME}", _DEVELOPMENT_NAME, _decode(_DEVELOPMENT_KEY))
        missing = [name for name in ("AccountName", "AccountKey") if name not in parts]
        if missing:
            raise ValueError(f"the storage connection string has no {' and no '.join(missing)}")
        name, suffix = parts["AccountName"], parts.get("EndpointSuffix", "core.windows.net")
        made = f"{parts.get('DefaultEndpointsProtocol', 'https')}://{name}.queue.{suffix}"
        return cls(parts.get("QueueEndpoint", made).rstrip("/"), name, _decode(parts["AccountKey"]))

    def authorization(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        date: str,
        length: int = 0,
        content_type: str = "",
    ) -> str:
        """Sign a request whose only x-ms- headers are date and version; `path` is encoded."""
        root = urlsplit(self.endpoint).path
        resource = "".join(f"\n{name}:{query[name]}" for name in sorted(query))
        text = (
            f"{method}\n\n\n{length or ''}\n\n{content_type}\n\n\n\n\n\n\n"
            f"x-ms-date:{date}\nx-ms-version:{API_VERSION}\n/{self.name}{root}{path}{resource}"
        )
        signature = base64.b64encode(hmac.digest(self.key, text.encode(), "sha256")).decode()
        return f"SharedKey {self.name}:{signature}"


def _decode(key: str) -> bytes:
    try:
        return base64.b64decode(key, validate=True)
    except binascii.Error as problem:
        raise ValueError("the storage account key is not base64") from problem

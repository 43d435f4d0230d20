"""What the adapters over Azure's own SDKs share: credentials, and failures in our words.

The SDKs are imported when a client is made, not when a module is: they cost most of a second at cold start.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shared.adapters.storage_rest import Account
from shared.errors import HearthlineError, Unavailable

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential
    from azure.core.credentials_async import AsyncTokenCredential

ONE_TRY: dict[str, Any] = {"retry_total": 0, "connection_timeout": 10, "read_timeout": 30}
"""Clients try once, as table_rest does: a commit repeated after a lost answer would look like a conflict."""


def storage_credential(
    account: Account, identity: AsyncTokenCredential | None
) -> AzureNamedKeyCredential | AsyncTokenCredential:
    """Return the identity where there is one, else the account's key."""
    from azure.core.credentials import AzureNamedKeyCredential

    return identity or AzureNamedKeyCredential(account.name, base64.b64encode(account.key).decode())


@contextmanager
def our_failures(answered: Callable[[int, str, float | None], HearthlineError]) -> Iterator[None]:
    """Raise what `answered` makes of (status, error code, retry after), or Unavailable without an answer."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        code = getattr(error, "error_code", None) or ""
        raise answered(error.status_code or 503, str(getattr(code, "value", code)), _wait(error)) from None
    except AzureError as error:
        raise Unavailable(f"storage did not answer ({type(error).__name__})") from error


def _wait(error: Any) -> float | None:
    text = (getattr(error.response, "headers", None) or {}).get("Retry-After", "")
    return float(text) if text.isdigit() else None

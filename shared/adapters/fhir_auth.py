"""How a call to the FHIR server proves who makes it: not at all, by a fixed token, or by an Entra identity.

The scope for Azure Health Data Services is the service's own URL followed by "/.default"
(https://learn.microsoft.com/azure/healthcare-apis/get-access-token).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from shared.errors import Unavailable

TokenProvider = Callable[[], Awaitable[str]]
"""Gives a bearer token; raises Unavailable when there is none to be had now."""

_RENEW_BEFORE = 300.0  # seconds left on a token at which a new one is asked for


class AsyncCredential(Protocol):
    """The part of azure.identity.aio credentials that is used here."""

    async def get_token(self, *scopes: str) -> AccessToken:
        """Give a token for `scopes`."""
        ...


def fixed_token(token: str) -> TokenProvider:
    """Give the same bearer token every time."""

    async def provide() -> str:
        return token

    return provide


def entra_tokens(credential: AsyncCredential, base_url: str) -> TokenProvider:
    """Give the identity's token for the FHIR server at `base_url`, kept until five minutes before its end."""
    scope = f"{base_url.rstrip('/')}/.default"
    asking = asyncio.Lock()
    held: list[AccessToken] = []

    async def provide() -> str:
        async with asking:  # when a token ends, one call asks for the next and the others wait
            if not held or held[0].expires_on - time.time() < _RENEW_BEFORE:
                held[:] = [await _ask(credential, scope)]
        return held[0].token

    return provide


async def _ask(credential: AsyncCredential, scope: str) -> AccessToken:
    try:
        return await credential.get_token(scope)
    except AzureError as error:  # its text can name tenants and endpoints: the type says enough
        raise Unavailable(f"no Entra token for the FHIR server ({type(error).__name__})") from None

"""Bearer tokens of a Microsoft Entra identity for any scope, kept until shortly before they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from shared.errors import Unavailable

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

type TokenProvider = Callable[[], Awaitable[str]]
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


def entra_tokens(credential: AsyncCredential, scope: str) -> TokenProvider:
    """Give the identity's token for `scope`; when it ends, one call asks for the next and the others wait."""
    asking = asyncio.Lock()
    held: list[AccessToken] = []

    async def provide() -> str:
        async with asking:
            if not held or held[0].expires_on - time.time() < _RENEW_BEFORE:
                held[:] = [await _ask(credential, scope)]
        return held[0].token

    return provide


async def _ask(credential: AsyncCredential, scope: str) -> AccessToken:
    from azure.core.exceptions import AzureError  # comes with the credential, and not at a cold start

    try:
        return await credential.get_token(scope)
    except AzureError as error:  # its text can name tenants and endpoints: the type says enough
        raise Unavailable(f"no Entra token ({type(error).__name__})") from None

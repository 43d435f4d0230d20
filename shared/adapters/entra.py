"""Verify bearer tokens of Microsoft Entra ID: signature by the issuer's keys, issuer, times, algorithm.

https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens. Who may call is judged by
shared.fhir.proof from the claims; keys are fetched once and again when a token names one that is new.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp
import jwt

from shared.errors import Unauthenticated, Unavailable
from shared.fhir.proof import Claims

ALGORITHMS = ("RS256",)

_AGAIN = 300.0
"""Seconds between two fetches of the keys, whatever tokens name."""


class EntraTokens:
    """Verifies tokens of one issuer."""

    def __init__(self, issuer: str, session: aiohttp.ClientSession) -> None:
        self._issuer = issuer
        self._session = session
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_AGAIN
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> Claims:
        """Return what a valid token claims. Raises Unauthenticated, Unavailable."""
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                options={"require": ["exp", "iss", "aud"], "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError):
            raise Unauthenticated("the bearer token is not valid") from None
        audience = claims["aud"]
        if not isinstance(audience, str):
            raise Unauthenticated("the bearer token names more than one audience")
        return Claims(
            audience, str(claims.get("azp") or claims.get("appid") or ""), str(claims.get("tid", ""))
        )

    async def _key(self, name: str) -> jwt.PyJWK:
        if name not in self._keys:
            async with self._fetching:  # whoever comes meanwhile waits for the keys too
                await self._refresh(name)
        if name not in self._keys:
            raise Unauthenticated("the bearer token is signed with a key that its issuer does not publish")
        return self._keys[name]

    async def _refresh(self, name: str) -> None:
        if name not in self._keys and time.monotonic() - self._fetched >= _AGAIN:
            self._keys = await self._fetch()
            self._fetched = time.monotonic()

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        try:
            about = await self._json(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            found = jwt.PyJWKSet.from_dict(await self._json(str(about["jwks_uri"])))
        except (aiohttp.ClientError, TimeoutError, KeyError, ValueError, jwt.PyJWTError) as error:
            raise Unavailable("the token issuer's keys cannot be had now") from error
        return {key.key_id: key for key in found.keys if key.key_id}

    async def _json(self, url: str) -> dict[str, object]:
        async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=10)) as response:
            response.raise_for_status()
            body: dict[str, object] = await response.json()
            return body

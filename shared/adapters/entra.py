"""Verify bearer tokens of Microsoft Entra ID: signature by the issuer's keys, issuer, times, algorithm.

https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens. Who may call is judged from
the claims: by shared.fhir.proof for notifications, by shared.access.claims for the admin API.
"""

from __future__ import annotations

import asyncio
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping

import aiohttp
import jwt

from shared.access.strict import strict_object
from shared.errors import Unauthenticated, Unavailable
from shared.fhir.proof import Claims

ALGORITHMS = ("RS256",)

LONGEST = 16 * 1024
"""Characters of a token; Entra's with two hundred groups have half of it."""

LEEWAY = 60
"""Seconds by which clocks may differ."""

_AGAIN = 300.0
"""Seconds between two fetches of the keys, whatever tokens name."""
_FAILED = 5.0
"""Seconds after a fetch that failed in which none is tried."""
_OLDEST = 24 * 3600.0
"""Seconds after which keys are fetched again though nothing new was named: one may have been withdrawn."""


class EntraTokens:
    """Verifies tokens of one issuer."""

    def __init__(self, issuer: str, session: aiohttp.ClientSession) -> None:
        self._issuer = issuer
        self._session = session
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched = self._tried = -_OLDEST
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> Claims:
        """Return what a valid token of a notification claims. Raises Unauthenticated, Unavailable."""
        claims = await self.claims(token)
        audience = claims["aud"]
        if not isinstance(audience, str):
            raise Unauthenticated("the bearer token names more than one audience")
        return Claims(
            audience, str(claims.get("azp") or claims.get("appid") or ""), str(claims.get("tid", ""))
        )

    async def claims(self, token: str) -> Mapping[str, object]:
        """Return the claims of a token that is signed, of our issuer, and valid now.

        Raises Unauthenticated, and Unavailable where the issuer's keys cannot be had.
        """
        try:
            key = await self._key(_key_name(token))
            claims: dict[str, object] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"], "verify_aud": False},
            )
            strict_object(_segment(token, 1))
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Unauthenticated("the bearer token is not valid") from None
        return claims

    async def _key(self, name: str) -> jwt.PyJWK:
        if name not in self._keys or time.monotonic() - self._fetched >= _OLDEST:
            async with self._fetching:  # whoever comes meanwhile waits for the keys too
                await self._refresh(name)
        if name not in self._keys:
            raise Unauthenticated("the bearer token is signed with a key that its issuer does not publish")
        return self._keys[name]

    async def _refresh(self, name: str) -> None:
        known, now = name in self._keys, time.monotonic()
        if now - self._fetched < (_OLDEST if known else _AGAIN):
            return
        if now - self._tried < _FAILED:
            if known:
                return
            raise Unavailable("the token issuer's keys could not be had a moment ago", _FAILED)
        self._tried = now
        try:
            self._keys = await self._fetch()
        except Unavailable:
            if not known:
                raise
        else:
            self._fetched = self._tried = time.monotonic()

    async def _fetch(self) -> Mapping[str, jwt.PyJWK]:
        try:
            about = await self._json(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if about["issuer"] != self._issuer:
                raise Unavailable(
                    "the token issuer's metadata is of another issuer than that of the settings"
                )
            found = jwt.PyJWKSet.from_dict(await self._json(str(about["jwks_uri"])))
        except (aiohttp.ClientError, TimeoutError, KeyError, ValueError, TypeError, jwt.PyJWTError) as error:
            raise Unavailable("the token issuer's keys cannot be had now") from error
        return {key.key_id: key for key in found.keys if key.key_id and key.key_type == "RSA"}

    async def _json(self, url: str) -> dict[str, object]:
        async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=10)) as response:
            response.raise_for_status()
            body: dict[str, object] = await response.json(content_type=None)
            return body


def _key_name(token: str) -> str:
    """Return the name of the key that a token says it is signed with; all else in its header is ignored."""
    if len(token) > LONGEST or not token.isascii():
        raise ValueError("no token of Entra's")
    name = strict_object(_segment(token, 0)).get("kid")
    if not isinstance(name, str):
        raise ValueError("no key named")
    return name


def _segment(token: str, number: int) -> bytes:
    segment = token.split(".", 2)[number] if token.count(".") == 2 else ""
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))

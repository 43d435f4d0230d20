"""The key of the local issuer: kept in a stack's folder, published by the service, signed with by the CLI.

The metadata and the claims are those of Entra's v2.0 endpoint, so that what checks tokens here is what checks
them on Azure: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

TENANT = "7a0c7c3e-2f0e-4a43-9d0a-5b9d6f0b7e11"
AUDIENCE = "2f9e2d64-0d2b-4a59-8f1c-6d8b6a1f3c55"
"""The application that tokens are for: the admin API of the stack."""
CLIENT = "b1d6c0a7-54a6-4f0c-9c3b-0f8a5a1e2d33"
"""The application that asks for tokens: the command line."""
SCOPE = "access_as_user"


def issuer_url(origin: str) -> str:
    """Return what tokens name as their issuer; `origin` is "http://127.0.0.1:PORT"."""
    return f"{origin}/{TENANT}/v2.0"


class SigningKey:
    """An RSA key, its name, and what is signed with it."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.name = hashlib.sha256(public).hexdigest()[:32]

    @classmethod
    def made(cls) -> SigningKey:
        """Make a new one."""
        return cls(generate_private_key(public_exponent=65537, key_size=2048))

    @classmethod
    def kept(cls, path: Path) -> SigningKey:
        """Read the key in a file, which is made if it is not there."""
        if not path.exists():
            made = cls.made()
            secret = made._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secret)
            return made
        found = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(found, RSAPrivateKey):
            raise ValueError(f"{path} is no RSA key")
        return cls(found)

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a token that says this."""
        return jwt.encode(dict(claims), self._key, "RS256", {"kid": self.name})

    def published(self) -> dict[str, object]:
        """Return the set of keys that the issuer publishes: this one's public half."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": self.name, "use": "sig", "alg": "RS256"}]}


def claims_of(
    issuer: str,
    roles: Iterable[str],
    subject: str,
    now: int,
    minutes: int = 60,
    audience: str = AUDIENCE,
    application: bool = False,
) -> dict[str, object]:
    """Return what a token says of somebody; `now` is in seconds since 1970."""
    common = {
        "ver": "2.0",
        "iss": issuer,
        "aud": audience,
        "tid": TENANT,
        "oid": subject,
        "azp": CLIENT,
        "roles": sorted(roles),
        "iat": now,
        "nbf": now,
        "exp": now + 60 * minutes,
    }
    if application:
        return {**common, "idtyp": "app", "sub": subject}
    pairwise = hashlib.sha256(f"{audience} {subject}".encode()).hexdigest()[:43]
    return {**common, "scp": SCOPE, "sub": pairwise}

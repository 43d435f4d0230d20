"""Who notifies the product under test, how each proves itself, and a token issuer with its keys."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "a-secret-of-medplum"
SHARED = {"x-hearthline-secret": "a-shared-secret"}
AUDIENCE, GRID_APP, TENANT = "api://hearthline", "4962773b-9cdb-44cf-a8bf-237846a00ab7", "a-tenant"
KEYED, SIGNED = "/api/fhir/notifications", "/api/fhir/signed-notifications"
_KEY = {"kind": "function-key"}
_WIRE = ("bp-empty", "bp-full-resource", "bp-id-only", "classic-empty", "classic-full", "fail")
_TOKEN = {"kind": "entra-bearer", "audiences": [AUDIENCE], "app_ids": [GRID_APP], "tenants": [TENANT]}

SOURCES: list[dict[str, Any]] = [
    {"name": "events", "formats": ["event-grid", "cloud-events"], "proofs": [_KEY]},
    {"name": "hooks", "formats": ["rest-hook", "subscription", "medplum"], "proofs": [_KEY]},
    {"name": "medplum", "formats": ["medplum"], "proofs": [{"kind": "hmac", "secret": SECRET}]},
    {
        "name": "secret",
        "formats": ["event-grid", "rest-hook", "subscription"],
        "proofs": [{"kind": "shared-secret", "header": "X-Hearthline-Secret", "secret": "a-shared-secret"}],
    },
    {"name": "entra", "formats": ["event-grid", "cloud-events"], "proofs": [_TOKEN]},
    {
        "name": "open",
        "formats": ["rest-hook", "subscription", "medplum"],
        "proofs": [{"kind": "hmac", "secret": SECRET}],
        "required": False,
    },
    *(
        {
            "name": name,
            "formats": ["rest-hook", "subscription"],
            "proofs": [{"kind": "shared-secret", "header": "Authorization", "secret": "Bearer abc"}],
        }
        for name in _WIRE
    ),
]


def signature(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Sign a body as Medplum does."""
    return {"X-Signature": hmac.new(secret.encode(), body, "sha256").hexdigest()}


class Issuer:
    """Issues tokens as Entra does, and some that it never would."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.url = ""

    def documents(self, base: str) -> dict[str, object]:
        """Return what the issuer publishes, by path."""
        self.url = f"{base}/issuer"
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        about = {"issuer": self.url, "jwks_uri": f"{base}/issuer/keys"}
        return {
            "/issuer/.well-known/openid-configuration": about,
            "/issuer/keys": {"keys": [{**key, "kid": "one", "use": "sig"}]},
        }

    def claims(self, **changed: object) -> dict[str, object]:
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "azp": GRID_APP, "tid": TENANT, "iat": now, "nbf": now - 60}
        return {name: value for name, value in ({**good, "exp": now + 600} | changed).items() if value}

    def token(self, kid: str = "one", **changed: object) -> str:
        """Issue a token; a claim that is None is left out."""
        return jwt.encode(self.claims(**changed), self._key, "RS256", {"kid": kid})

    def forged(self) -> str:
        """Sign with a key of somebody else's, under the name of the issuer's."""
        return jwt.encode(self.claims(), self._other, "RS256", {"kid": "one"})

    def unsigned(self) -> str:
        """Say that no signature is needed."""
        return jwt.encode(self.claims(), "", "none", {"kid": "one"})

    def confused(self) -> str:
        """Use the public key, which everybody has, as the secret of an HMAC."""
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = [_part({"alg": "HS256", "typ": "JWT", "kid": "one"}), _part(self.claims())]
        signed = hmac.digest(public, ".".join(parts).encode(), "sha256")
        return ".".join([*parts, _text(signed)])


def _part(value: object) -> str:
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

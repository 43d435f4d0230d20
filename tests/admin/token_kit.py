"""An issuer without a network, good tokens and wrong ones, and the application behind the real checks."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from functions.admin.app import build
from functions.admin.routes import PREFIX
from sandbox.issuer.signing import AUDIENCE, SigningKey, claims_of, issuer_url
from shared import bootstrap
from shared.access.roles import Caller, Role
from shared.config import Settings
from tests.admin.admin_kit import Desk

ISSUER = issuer_url("https://login.example")
KEY = SigningKey.made()
OTHER = SigningKey.made()
SUBJECT = "0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10"


def claims(**changed: object) -> dict[str, object]:
    """Return good claims of a Marketer, but for what is changed; None leaves a claim out."""
    good = claims_of(ISSUER, [Role.MARKETER], SUBJECT, int(time.time()))
    return {name: value for name, value in (good | changed).items() if value is not None}


def token(key: SigningKey = KEY, **changed: object) -> str:
    """Return a signed token with such claims."""
    return key.sign(claims(**changed))


def signed_as(header: Mapping[str, object], key: SigningKey = KEY, **changed: object) -> str:
    """Sign with another header than the issuer writes."""
    return jwt.encode(claims(**changed), key._key, "RS256", dict(header))


def raw(header: object, payload: bytes | object, signature: bytes = b"") -> str:
    """Put a token together from its parts."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return ".".join(map(_text, (json.dumps(header).encode(), body, signature)))


def signed_bytes(payload: bytes) -> str:
    """Sign whatever bytes the payload has, as the issuer would."""
    head = f"{_text(json.dumps({'alg': 'RS256', 'kid': KEY.name}).encode())}.{_text(payload)}"
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return f"{head}.{_text(algorithm.sign(head.encode(), KEY._key))}"


def confused(**changed: object) -> str:
    """Use the public key, which everybody has, as the secret of an HMAC."""
    public = KEY._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsigned = raw({"alg": "HS256", "typ": "JWT", "kid": KEY.name}, claims(**changed)).rpartition(".")[0]
    return f"{unsigned}.{_text(hmac.digest(public, unsigned.encode(), 'sha256'))}"


def self_made(**changed: object) -> str:
    """Bring the key along in the header, by which the token would be right."""
    key = SigningKey(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    (own,) = key.published()["keys"]  # type: ignore[misc]
    return signed_as({"kid": KEY.name, "jwk": own}, key, **changed)


def tampered() -> str:
    """Make an Administrator of a Marketer after it was signed."""
    head, _, signature = token().split(".")
    return f"{head}.{_text(json.dumps(claims(roles=['Administrator'])).encode())}.{signature}"


def _text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def principal(told: Mapping[str, object] | None = None, role_typ: str = "roles", kind: str = "aad") -> str:
    """Write the header of App Service authentication."""
    pairs = [
        {"typ": name, "val": str(each)}
        for name, value in (told or claims()).items()
        for each in (value if isinstance(value, list) else [value])
    ]
    header = {"auth_typ": kind, "name_typ": "name", "role_typ": role_typ, "claims": pairs}
    return base64.b64encode(json.dumps(header).encode()).decode()


class Published:
    """A session of aiohttp that knows what an issuer publishes, and nothing else."""

    def __init__(self) -> None:
        self.keys = KEY.published()
        self.issuer = ISSUER
        self.failing = False
        self.asked: list[str] = []

    def get(self, url: str, **_: object) -> _Answer:
        """Ask for a document."""
        self.asked.append(url)
        if self.failing:
            raise TimeoutError
        documents: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "jwks_uri": "https://login.example/keys",
            },
            "https://login.example/keys": self.keys,
        }
        return _Answer(documents[url])


class _Answer:
    def __init__(self, document: object) -> None:
        self._document = document

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        return None

    def raise_for_status(self) -> None:
        """Be well."""

    async def json(self, **_: object) -> object:
        """Return what is published."""
        return self._document


class Door:
    """The admin API over services in memory, behind the checks that run on Azure."""

    def __init__(self, patch: Callable[[object, str, object], None], **chosen: str) -> None:
        self.published = Published()
        self.desk = Desk()
        given = {
            "AzureWebJobsStorage": "x",
            "HEARTHLINE_FHIR_URL": "https://fhir.example",
            "HEARTHLINE_ENTRA_ISSUER": ISSUER,
            "HEARTHLINE_API_AUDIENCE": AUDIENCE,
            **chosen,
        }
        patch(bootstrap, "_settings", lambda: Settings.model_validate(given))
        patch(bootstrap, "_session", lambda: self.published)
        self.app = build(self.desk._ready, self._authenticate)

    async def _authenticate(self, request: httpx.Request) -> Caller:
        return await bootstrap.verify_caller({k.lower(): v for k, v in request.headers.items()})

    async def call(
        self, headers: Mapping[str, str | bytes], method: str = "GET", path: str = "/me", **more: Any
    ) -> httpx.Response:
        """Send a request with such headers."""
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hearthline.test") as client:
            sent = [(name, value) for name, value in headers.items()]
            return await client.request(method, PREFIX + path, headers=sent, **more)  # type: ignore[arg-type]

    async def shows(self, sent: str, **more: Any) -> httpx.Response:
        """Send a bearer token."""
        return await self.call({"Authorization": f"Bearer {sent}"}, **more)

"""What a verified token, or App Service authentication, claims → who is calling.

Signature, issuer and times are judged before (shared.adapters.entra); here: for whom the token was issued, of
which tenant, what roles it gives and whose it is. Claims are as in access tokens of Microsoft Entra ID:
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from shared.access.roles import Caller, Role, Roles
from shared.errors import Unauthenticated

_SUBJECT = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""An object id is a GUID; nothing that could be an address or a name with spaces gets into the trail."""

_ROLES = frozenset(Role)


class Expected(Struct, frozen=True):
    """What tokens for us must say."""

    issuer: str
    """To the letter; its path begins with the tenant, as Entra's do."""
    audience: str
    """Our application's id, or its address `api://…`: v2.0 tokens name the first, v1.0 tokens either."""

    @property
    def audiences(self) -> frozenset[str]:
        """Return the names by which a token may mean us: id and address are one application's."""
        name = self.audience.removeprefix("api://")
        return frozenset({name, f"api://{name}"}) if name else frozenset()

    @property
    def tenant(self) -> str:
        """Return the one tenant whose callers are let in."""
        return urlsplit(self.issuer).path.strip("/").partition("/")[0]


def caller_of(
    claims: Mapping[str, object], expected: Expected, via: Literal["token", "platform"] = "token"
) -> Caller:
    """Say who it is. Raises Unauthenticated with a reason for our log; callers are told nothing of it."""
    if _text(claims, "iss") != expected.issuer:
        raise Unauthenticated("another issuer")
    if _text(claims, "aud") not in expected.audiences:
        raise Unauthenticated("another audience")
    tenant = _text(claims, "tid")
    if not tenant or tenant != expected.tenant:
        raise Unauthenticated("another tenant")
    subject = _text(claims, "oid")
    if not _SUBJECT.fullmatch(subject):
        raise Unauthenticated("no object id")
    application = _is_application(claims)
    if via == "token" and not application and not _text(claims, "scp"):
        raise Unauthenticated("no access token: it has no scope, and is no application's")
    return Caller(subject, _roles(claims), application, tenant, via)


def _text(claims: Mapping[str, object], name: str) -> str:
    found = claims.get(name)
    return found if isinstance(found, str) else ""


def _is_application(claims: Mapping[str, object]) -> bool:
    """Say whether no person is behind it.

    `idtyp` says so where the application asks for that claim; else by there being no scope, and subject and
    object being one: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
    """
    if "idtyp" in claims:
        return claims["idtyp"] == "app"
    return "scp" not in claims and _text(claims, "sub") == _text(claims, "oid")


def _roles(claims: Mapping[str, object]) -> Roles:
    """Return the app roles that we know; whoever has none is known, and may do nothing."""
    found = claims.get("roles", ())
    if not isinstance(found, list | tuple):
        raise Unauthenticated("roles are no list")
    return frozenset(Role(role) for role in found if isinstance(role, str) and role in _ROLES)

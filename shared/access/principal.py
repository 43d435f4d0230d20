"""The header `X-MS-CLIENT-PRINCIPAL` of App Service authentication → claims by the names that tokens have.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities. The platform
removes the header from what comes from outside, where authentication is switched on, and only there: settings
say whether it is believed. It has checked signature and times; shared.access.claims judges the rest.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping

from shared.access.strict import strict_object
from shared.errors import Unauthenticated

HEADER = "x-ms-client-principal"
LONGEST = 32 * 1024

_OURS = {
    "http://schemas.microsoft.com/identity/claims/objectidentifier": "oid",
    "http://schemas.microsoft.com/identity/claims/tenantid": "tid",
    "http://schemas.microsoft.com/identity/claims/scope": "scp",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier": "sub",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/role": "roles",
}
"""Names that the platform's mapping of claims gives, where it maps them."""
_SINGLE = ("iss", "aud", "tid", "oid", "sub", "scp", "idtyp")


def principal_claims(header: str) -> Mapping[str, object]:
    """Read the header. Raises Unauthenticated with a reason for our log."""
    if len(header) > LONGEST:
        raise Unauthenticated("the platform's header is too long")
    try:
        told = strict_object(b64decode(header, validate=True))
        kind, role, claims = told["auth_typ"], told["role_typ"], told["claims"]
        if not isinstance(claims, list):
            raise ValueError("no list")
        pairs = [(str(each["typ"]), str(each["val"])) for each in claims]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Unauthenticated("the platform's header cannot be read") from None
    if kind != "aad":
        raise Unauthenticated("the platform knows the caller from elsewhere than Entra ID")
    return _gathered((_name(name, str(role)), value) for name, value in pairs)


def _name(name: str, role: str) -> str:
    return "roles" if name == role else _OURS.get(name, name)


def _gathered(pairs: Iterable[tuple[str, str]]) -> Mapping[str, object]:
    found: dict[str, object] = {}
    roles: list[str] = []
    for name, value in pairs:
        if name == "roles":
            roles.append(value)
        elif name in _SINGLE and found.setdefault(name, value) != value:
            raise Unauthenticated(f"the platform's header says two things of {name}")
    return {**found, "roles": roles}

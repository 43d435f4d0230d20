"""Whom journeys may call: the webhooks of the settings, by name, and how each is spoken to.

Read by shared.config, used by shared.adapters.webhooks_http. Addresses are secrets: that of a Teams workflow
is all that one needs to post there.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
"""What Standard Webhooks allows a signing secret to have."""


def _address(secret: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(secret.get_secret_value())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not safe or parts.username is not None or parts.fragment:
        raise ValueError("must be an https URL (http on loopback only), with no user and no fragment")
    return secret


def signing_key(secret: str) -> bytes:
    """Return the key that a secret "whsec_…" stands for. Raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError("must be whsec_ and the base64 of 24 to 64 random bytes")
    return key


def _signing(secret: SecretStr) -> SecretStr:
    signing_key(secret.get_secret_value())
    return secret


type Address = Annotated[SecretStr, AfterValidator(_address)]
type SigningSecret = Annotated[SecretStr, AfterValidator(_signing)]
type Provider = Annotated[
    str, StringConstraints(pattern=r"^(webhook:[a-z0-9][a-z0-9-]{0,62}|module:[A-Za-z_][\w.]*:[A-Za-z_]\w*)$")
]
"""Who carries a channel: "webhook:NAME" of HEARTHLINE_WEBHOOKS, or "module:package.module:factory"."""
type ReceiverName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignedReceiver(_Frozen):
    """Another system, called as Standard Webhooks has it (https://www.standardwebhooks.com).

    While a secret is changed, each call is signed with `previous`, too. With `patient` false it is not told
    whom a call is about.
    """

    kind: Literal["signed"]
    url: Address
    secret: SigningSecret
    previous: SigningSecret | None = None
    patient: bool = True


class TeamsReceiver(_Frozen):
    """A channel of Microsoft Teams, by a workflow that begins "When a Teams webhook request is received"."""

    kind: Literal["teams"]
    url: Address


type Receiver = Annotated[SignedReceiver | TeamsReceiver, Field(discriminator="kind")]

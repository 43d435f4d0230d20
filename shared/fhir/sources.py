"""Who may notify us, and how each source proves that it is who it says: what proof.py goes by."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from shared.fhir.notification import Format

type Header = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
]
type Secret = Annotated[SecretStr, Field(min_length=8)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FunctionKey(_Frozen):
    """A key of the Functions host, in ?code= or x-functions-key; the host has checked it."""

    kind: Literal["function-key"] = "function-key"


class SharedSecret(_Frozen):
    """A header with a secret value: an Event Grid delivery property, or Subscription.channel.header.

    `secret` is the whole value, so for "Authorization: Bearer abc…" it is "Bearer abc…". While a secret is
    changed, `previous` is accepted too.
    """

    kind: Literal["shared-secret"] = "shared-secret"
    header: Header
    secret: Secret
    previous: Secret | None = None


class Hmac(_Frozen):
    """A signature over the body as it came, by default Medplum's; `prefix` is such as "sha256="."""

    kind: Literal["hmac"] = "hmac"
    header: Header = "x-signature"
    algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    secret: Secret
    previous: Secret | None = None


class EntraBearer(_Frozen):
    """A bearer token of Microsoft Entra ID, as Event Grid sends to a protected webhook.

    The signature, issuer and times of the token are checked by an adapter; here `aud` must be one of
    `audiences`, the calling application (`azp`, in version 1 tokens `appid`) one of `app_ids`, and where
    `tenants` are given, `tid` one of them. Event Grid's own application in the public cloud is
    4962773b-9cdb-44cf-a8bf-237846a00ab7.
    https://learn.microsoft.com/azure/event-grid/secure-webhook-delivery
    """

    kind: Literal["entra-bearer"] = "entra-bearer"
    audiences: frozenset[str] = Field(min_length=1)
    app_ids: frozenset[str] = Field(min_length=1)
    tenants: frozenset[str] = frozenset()


type ProofRule = Annotated[FunctionKey | SharedSecret | Hmac | EntraBearer, Field(discriminator="kind")]


class Source(_Frozen):
    """One sender of notifications: the first segment of its path, its formats, and its proofs, all needed.

    With `required` false, what comes without a proof is heard too, but only its references are used.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    formats: frozenset[Format] = Field(min_length=1)
    proofs: tuple[ProofRule, ...] = ()
    required: bool = True

    @property
    def trusts_body(self) -> bool:
        """Whether a pushed body can be trusted at all: only if there is something that proves it."""
        return bool(self.proofs)

    @model_validator(mode="after")
    def _provable(self) -> Source:
        if self.required and not self.proofs:
            raise ValueError("a source must have a proof, or say required: false")
        return self

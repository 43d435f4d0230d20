"""A source of notifications as the API writes it: how it proves itself, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from fastapi import Path
from pydantic import BaseModel, Field, SecretStr

from functions.admin.shapes import Body, Moment, example, moment, moment_or_none
from shared.fhir.instants import Instant
from shared.fhir.notification import Format
from shared.fhir.sources import Source
from shared.usecases.sources.editing import Wanted
from shared.usecases.sources.standing import Counted
from shared.usecases.sources.stored import Secret, StoredSource

NAME = "^[a-z0-9][a-z0-9-]{0,62}$"

type SourceName = Annotated[str, Path(pattern=NAME, description="Name of a source", examples=["medplum"])]
type Text = Annotated[str, Field(min_length=1, max_length=200)]


class FunctionKeyRule(Body):
    """A key of the Functions host, in ?code= or x-functions-key."""

    kind: Literal["function-key"]


class SharedSecretRule(Body):
    """A header with a secret value."""

    kind: Literal["shared-secret"]
    header: Text = Field(examples=["x-hearthline-secret"])


class HmacRule(Body):
    """A signature over the body as it came."""

    kind: Literal["hmac"]
    header: Text = "x-signature"
    algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field("", max_length=100, description='Such as "sha256="')


class EntraRule(Body):
    """A bearer token of Microsoft Entra ID, as Event Grid sends to a protected webhook."""

    kind: Literal["entra-bearer"]
    audiences: list[Text] = Field(min_length=1, max_length=20)
    app_ids: list[Text] = Field(min_length=1, max_length=20)
    tenants: list[Text] = Field([], max_length=20)


type Rule = Annotated[FunctionKeyRule | SharedSecretRule | HmacRule | EntraRule, Field(discriminator="kind")]


class SourceBody(Body):
    """A source as it is to be; secrets are made here, by rotateSecret."""

    model_config = example(
        formats=["medplum"], proofs=[{"kind": "hmac", "header": "x-signature"}], required=True
    )

    formats: list[Format] = Field(min_length=1, max_length=10, examples=[["medplum"]])
    proofs: list[Rule] = Field([], max_length=8, examples=[[{"kind": "hmac"}]], description="All are needed")
    required: bool = Field(True, description="Refuse what comes without a proof; else use references alone")

    def wanted(self) -> Wanted:
        """Return it as the use case takes it."""
        return Wanted(self.formats, [rule.model_dump() for rule in self.proofs], self.required)


class NewSource(SourceBody):
    """A source that is not there yet."""

    model_config = example(
        name="medplum", formats=["medplum"], proofs=[{"kind": "hmac", "header": "x-signature"}], required=True
    )

    name: str = Field(pattern=NAME, examples=["medplum"])


class SecretState(BaseModel):
    """Whether a proof has its secret."""

    model_config = example(
        set=True, made="2026-03-02T09:00:00.000Z", former=True, former_until="2026-03-03T09:00:00.000Z"
    )

    set: bool
    made: Moment | None = None
    former: bool = Field(False, description="The secret before is accepted too")
    former_until: Moment | None = None


class ProofState(BaseModel):
    """One proof of a source."""

    model_config = example(
        rule={"kind": "hmac", "header": "x-signature"},
        secret={"set": True, "made": "2026-03-02T09:00:00.000Z"},
    )

    rule: Rule
    secret: SecretState | None = Field(None, description="For proofs that have one")


class SourceState(BaseModel):
    """Who may notify us, and how they prove themselves."""

    model_config = example(
        name="medplum",
        origin="api",
        formats=["medplum"],
        proofs=[{"rule": {"kind": "hmac", "header": "x-signature"}, "secret": {"set": False}}],
        required=True,
        path="/api/fhir/signed-notifications/medplum",
        changed="2026-03-02T09:00:00.000Z",
        by="0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
    )

    name: str = Field(examples=["medplum"])
    origin: Literal["settings", "api"] = Field(description="settings: in HEARTHLINE_SOURCES, changed there")
    formats: list[Format] = Field(examples=[["medplum"]])
    proofs: list[ProofState]
    required: bool
    path: str = Field(description="Where it sends to", examples=["/api/fhir/signed-notifications/medplum"])
    changed: Moment | None = Field(default=None, description="When staff last changed it")
    by: str = Field(default="", description="Who did, as an opaque id")

    @classmethod
    def of_settings(cls, source: Source) -> Self:
        """Tell of a source of the settings."""
        proofs = [
            ProofState.model_validate({"rule": _rule(proof.model_dump()), "secret": _configured(proof)})
            for proof in source.proofs
        ]
        return cls(
            name=source.name,
            origin="settings",
            formats=sorted(source.formats),
            proofs=proofs,
            required=source.required,
            path=_path(source.name, [proof.kind for proof in source.proofs]),
        )

    @classmethod
    def of_stored(cls, stored: StoredSource, now: Instant) -> Self:
        """Tell of a stored source."""
        proofs = [
            {"rule": _rule(proof), "secret": _kept(proof, stored.secrets.get(str(place)), now)}
            for place, proof in enumerate(stored.proofs)
        ]
        return cls.model_validate(
            {
                "name": stored.name,
                "origin": "api",
                "formats": stored.formats,
                "proofs": proofs,
                "required": stored.required,
                "path": _path(stored.name, [proof["kind"] for proof in stored.proofs]),
                "changed": moment(stored.at),
                "by": stored.by,
            }
        )


class SubscriptionState(BaseModel):
    """What was heard of one subscription whose events are numbered."""

    model_config = example(
        subscription="9a0b6c1e-1f55-5a0c-8a6e-0d8b0f3f5c11",
        highest=4711,
        latest="2026-03-02T09:00:00.000Z",
        restarts=0,
        missing=3,
    )

    subscription: str = Field(description="Opaque id")
    highest: int = Field(description="The highest number that was heard", examples=[4711])
    latest: Moment | None = Field(None, description="When the newest notification was written")
    restarts: int = Field(description="How often it began to count anew")
    missing: int = Field(description="Numbers that never came and were not recovered; listGaps names them")

    @classmethod
    def of(cls, counted: Counted) -> Self:
        """Tell of a counter."""
        counter = counted.counter
        return cls(
            subscription=counted.subscription,
            highest=counter.highest,
            latest=moment_or_none(counter.latest),
            restarts=counter.starts,
            missing=counted.missing,
        )


class SourceStanding(SourceState):
    """How a source stands."""

    model_config = example(
        name="medplum",
        origin="api",
        formats=["medplum"],
        proofs=[{"rule": {"kind": "hmac", "header": "x-signature"}, "secret": {"set": False}}],
        required=True,
        path="/api/fhir/signed-notifications/medplum",
        changed="2026-03-02T09:00:00.000Z",
        by="0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
        subscriptions=[
            {
                "subscription": "9a0b6c1e-1f55-5a0c-8a6e-0d8b0f3f5c11",
                "highest": 4711,
                "restarts": 0,
                "missing": 3,
            }
        ],
    )

    heard: Moment | None = Field(None, description="When it was last heard of, to the minute")
    subscriptions: list[SubscriptionState] = Field(
        [], description="Of sources that number their events: Subscriptions of FHIR do, Event Grid does not"
    )


class Gap(BaseModel):
    """Notifications that never came."""

    model_config = example(subscription="9a0b6c1e-1f55-5a0c-8a6e-0d8b0f3f5c11", first=12, last=14)

    subscription: str = Field(description="Opaque id, as getSource tells it")
    first: int = Field(examples=[12])
    last: int = Field(examples=[14])


def _rule(proof: Mapping[str, Any]) -> dict[str, Any]:
    """Leave secrets out of a proof."""
    shown = {name: value for name, value in proof.items() if name not in ("secret", "previous")}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in shown.items()}


def _configured(proof: Any) -> dict[str, Any] | None:
    if not isinstance(getattr(proof, "secret", None), SecretStr):
        return None
    return {"set": True, "former": proof.previous is not None}


def _kept(proof: Mapping[str, Any], secret: Secret | None, now: Instant) -> dict[str, Any] | None:
    if proof["kind"] not in ("shared-secret", "hmac"):
        return None
    if secret is None:
        return {"set": False}
    holds = secret.holds(now)
    until = moment_or_none(secret.until) if holds else None
    return {"set": True, "made": moment(secret.made), "former": holds, "former_until": until}


def _path(name: str, kinds: list[str]) -> str:
    route = "notifications" if "function-key" in kinds or not kinds else "signed-notifications"
    return f"/api/fhir/{route}/{name}"

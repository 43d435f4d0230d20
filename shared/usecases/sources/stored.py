"""A source of notifications as a document: what it sends, how it proves itself, its secrets sealed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct
from pydantic import ValidationError

from shared.errors import Invalid, Problem, Rejected, Unauthenticated
from shared.fhir.instants import Instant
from shared.fhir.sources import Source
from shared.ports import Documents
from shared.ports.running import Seals

SOURCES = "sources"
"""Kind of the documents, by the source's name."""

WITH_SECRET = frozenset({"shared-secret", "hmac"})
"""Kinds of proofs that have a secret."""

_PLACEHOLDER = "a secret that nobody was given"


class Secret(Struct, frozen=True):
    """A secret, sealed; and the one before, for as long as it is accepted too."""

    sealed: str
    made: Instant
    former: str = ""
    until: Instant | None = None
    """When the former one is refused."""

    def holds(self, now: Instant) -> bool:
        """Say whether the former secret is still accepted."""
        return bool(self.former) and self.until is not None and now < self.until


class StoredSource(Struct, frozen=True):
    """A source that was configured by the admin API."""

    name: str
    formats: tuple[str, ...]
    proofs: tuple[dict[str, Any], ...]
    """As in HEARTHLINE_SOURCES, without secrets."""
    required: bool
    at: Instant
    """When it was last changed."""
    by: str
    """By whom, as an opaque id."""
    secrets: dict[str, Secret] = {}
    """By the place of their proof among `proofs`, from "0"."""
    created: str = ""
    """What asked for it first: the same request again finds it made."""
    rotated: str = ""
    """What asked for the latest secret: the same request again makes no former one of it."""


_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(StoredSource).decode


def proofs_with_secret(stored: StoredSource) -> Iterator[str]:
    """Yield the places of proofs that need a secret."""
    return (str(place) for place, proof in enumerate(stored.proofs) if proof["kind"] in WITH_SECRET)


def about(name: str, place: str) -> str:
    """Say what a secret is of, for its seal."""
    return f"source {name} proof {place}"


def opened(stored: StoredSource, seals: Seals | None, now: Instant) -> Source:
    """Return the source as proofs are judged by. Raises Unauthenticated (it has no secret yet), Invalid."""
    values = [dict(proof) for proof in stored.proofs]
    for place in proofs_with_secret(stored):
        secret, of = stored.secrets.get(place), about(stored.name, place)
        if secret is None:
            raise Unauthenticated("this source has no secret yet")
        if seals is None:
            raise Invalid((Problem("HEARTHLINE_SEAL_SECRETS", "must be set: a source's secrets are sealed"),))
        values[int(place)]["secret"] = seals.unseal(secret.sealed, of)
        if secret.holds(now):
            values[int(place)]["previous"] = seals.unseal(secret.former, of)
    return _source(stored, values)


def check(stored: StoredSource) -> None:
    """Raise Invalid naming what is wrong with a source, as with one of the settings."""
    values = [dict(proof) for proof in stored.proofs]
    for place in proofs_with_secret(stored):
        values[int(place)]["secret"] = _PLACEHOLDER
    try:
        _source(stored, values)
    except ValidationError as error:
        raise Invalid(tuple(_problem(dict(each)) for each in error.errors())) from None


def _source(stored: StoredSource, proofs: list[dict[str, Any]]) -> Source:
    fields = {"name": stored.name, "formats": stored.formats, "proofs": proofs, "required": stored.required}
    return Source.model_validate(fields)


def _problem(found: dict[str, Any]) -> Problem:
    where = ".".join(map(str, ("body", *found["loc"])))
    return Problem(where, str(found["msg"]).removeprefix("Value error, "))


async def load_source(documents: Documents, name: str) -> tuple[StoredSource, str]:
    """Read a source, and the ETag to write over. Raises Rejected (unknown-source), Unavailable."""
    found = await documents.get(SOURCES, name)
    if found is None:
        raise Rejected("there is no such source of notifications", "unknown-source")
    return _decode(found[0]), found[1]


async def save_source(documents: Documents, stored: StoredSource, etag: str) -> None:
    """Write a source, as new where the ETag is "". Raises Conflict, Unavailable."""
    await documents.put(SOURCES, stored.name, _encode(stored), etag)


async def all_sources(documents: Documents) -> list[StoredSource]:
    """Return all that are stored, by name. Raises Unavailable."""
    return [_decode(body) async for _, body in documents.all(SOURCES)]

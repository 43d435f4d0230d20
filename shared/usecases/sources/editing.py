"""Configure a source of notifications, change it, remove it, and give it a new secret."""

from __future__ import annotations

import secrets as chance
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Conflict, Rejected
from shared.fhir.instants import SECOND, Instant
from shared.usecases.services import Services
from shared.usecases.sources.heard import HEARD
from shared.usecases.sources.stored import (
    SOURCES,
    Secret,
    StoredSource,
    about,
    all_sources,
    check,
    load_source,
    proofs_with_secret,
    save_source,
)

MOST = 100
"""Sources that can be stored: all are read at once."""


class Wanted(Struct, frozen=True):
    """A source as somebody wants it: as in HEARTHLINE_SOURCES, without secrets, which are made here."""

    formats: Sequence[str]
    proofs: Sequence[dict[str, Any]]
    required: bool = True


class Rotated(Struct, frozen=True):
    """A new secret, told this once; `header` is the whole value that goes into the header of a request."""

    proof: int
    secret: str
    former_until: Instant | None
    """Until when the former one is accepted; None where there was none."""


async def create(services: Services, name: str, wanted: Wanted, by: str, intent: str = "") -> StoredSource:
    """Configure a source. Raises Rejected (in-settings, name-taken, no-seal, too-many), Invalid.

    `intent` names the request: the same one again, after a crash, finds what it made.
    """
    made = StoredSource(name, *_fields(wanted), services.clock.now(), by, created=intent)
    _check(services, made)
    if len(await all_sources(services.documents)) >= MOST:
        raise Rejected(f"there are {MOST} sources already", "too-many")
    try:
        await save_source(services.documents, made, "")
    except Conflict:
        there, _ = await load_source(services.documents, name)
        if intent and there.created == intent:
            return there
        raise Rejected("there is a source of this name already", "name-taken") from None
    return made


async def change(services: Services, name: str, wanted: Wanted, by: str, etag: str) -> StoredSource:
    """Change a source over what was read; a proof that stays in its place keeps its secret.

    Raises Rejected, Invalid, Conflict, Unavailable.
    """
    there, _ = await load_source(services.documents, name)
    made = StoredSource(name, *_fields(wanted), services.clock.now(), by)
    made = replace(made, created=there.created, rotated=there.rotated)
    kept = {
        place: there.secrets[place]
        for place in proofs_with_secret(made)
        if place in there.secrets and there.proofs[int(place)]["kind"] == made.proofs[int(place)]["kind"]
    }
    made = replace(made, secrets=kept)
    _check(services, made)
    await save_source(services.documents, made, etag)
    return made


async def remove(services: Services, stored: StoredSource, etag: str) -> None:
    """Remove a source that was read: what it sends is refused from now on, with its secrets gone.

    Written once more before it goes, as only a write is refused when it is not over what was read. Raises
    Conflict when somebody changed it since, Unavailable.
    """
    name = stored.name
    await save_source(services.documents, stored, etag)
    await services.documents.delete(SOURCES, name)
    await services.documents.delete(HEARD, name)


async def rotate(
    services: Services, name: str, proof: int | None, former_seconds: int, by: str, intent: str
) -> Rotated:
    """Make a new secret; the former one is accepted for a while. Raises Rejected, Conflict, Unavailable.

    `intent` names the request: the same one again makes a new secret in place of the one that it made before,
    which perhaps nobody saw, and keeps the former one.
    """
    there, etag = await load_source(services.documents, name)
    seals = services.sources.seals
    if seals is None:
        raise _no_seal()
    place, now = _place(there, proof), services.clock.now()
    secret = _made(there.proofs[int(place)])
    held = there.secrets.get(place)
    sealed = Secret(seals.seal(secret, about(name, place)), now)
    if held is not None and there.rotated == intent:
        sealed = replace(sealed, former=held.former, until=held.until)
    elif held is not None:
        if held.holds(now):
            raise Rejected("the former secret is accepted still: wait until it is not", "former-holds")
        sealed = replace(sealed, former=held.sealed, until=Instant(now + former_seconds * SECOND))
    made = replace(there, secrets={**there.secrets, place: sealed}, at=now, by=by, rotated=intent)
    await save_source(services.documents, made, etag)
    return Rotated(int(place), secret, sealed.until)


def _place(stored: StoredSource, proof: int | None) -> str:
    places = list(proofs_with_secret(stored))
    if proof is not None and str(proof) in places:
        return str(proof)
    if proof is None and len(places) == 1:
        return places[0]
    raise Rejected("name one of the source's proofs that has a secret, by its place from 0", "no-such-proof")


def _made(proof: dict[str, Any]) -> str:
    """Make 256 bits of chance into a secret; a header that names its scheme gets one as bearer tokens are."""
    token = chance.token_urlsafe(32)
    bearer = proof["kind"] == "shared-secret" and str(proof["header"]).lower() == "authorization"
    return f"Bearer {token}" if bearer else token


def _fields(wanted: Wanted) -> tuple[tuple[str, ...], tuple[dict[str, Any], ...], bool]:
    return tuple(sorted(wanted.formats)), tuple(dict(each) for each in wanted.proofs), wanted.required


def _check(services: Services, made: StoredSource) -> None:
    if any(source.name == made.name for source in services.sources.configured):
        raise Rejected("a source of this name is in HEARTHLINE_SOURCES: change it there", "in-settings")
    check(made)
    if services.sources.seals is None and any(True for _ in proofs_with_secret(made)):
        raise _no_seal()


def _no_seal() -> Rejected:
    return Rejected("HEARTHLINE_SEAL_SECRETS must be set: secrets of sources are kept sealed", "no-seal")

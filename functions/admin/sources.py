"""Sources of notifications: who may notify us, how each proves itself, and what never came of them."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from functions.admin.call import Call, TheCall
from functions.admin.etags import check_match, etag_of, tell_etag
from functions.admin.paging import Cursor, Limit, Page, paged
from functions.admin.problems import Refusal
from functions.admin.routes import PREFIX, Routes
from functions.admin.shapes import moment_or_none
from functions.admin.source_shapes import (
    Gap,
    NewSource,
    SourceBody,
    SourceName,
    SourceStanding,
    SourceState,
    SubscriptionState,
)
from shared.fhir.sources import Source
from shared.usecases.sources.editing import change, create, remove
from shared.usecases.sources.heard import last_heard
from shared.usecases.sources.standing import counted
from shared.usecases.sources.stored import StoredSource, all_sources, load_source

routes = Routes("sources")


@routes("listSources")
async def list_sources(call: TheCall, limit: Limit = 50, cursor: Cursor = "") -> Page[SourceState]:
    """List the sources of the settings and those that were configured here, by name."""
    now = call.services.clock.now()
    stored = [SourceState.of_stored(each, now) for each in await all_sources(call.services.documents)]
    configured = [SourceState.of_settings(each) for each in call.services.sources.configured]
    by_name = {each.name: each for each in (*stored, *configured)}
    return paged([by_name[name] for name in sorted(by_name)], limit, cursor, lambda each: each.name)


@routes("createSource", status=201)
async def create_source(call: TheCall, body: NewSource, response: Response) -> SourceState:
    """Configure a source; a proof that needs a secret gets it by rotateSecret."""
    await call.begins("", "source", body.name)
    made = await create(call.services, body.name, body.wanted(), call.caller.subject, call.intent)
    call.changed(_content(made))
    response.headers["Location"] = f"{PREFIX}/sources/{made.name}"
    tell_etag(response, etag_of(_content(made)))
    return SourceState.of_stored(made, call.services.clock.now())


@routes("getSource")
async def get_source(call: TheCall, source: SourceName, response: Response) -> SourceStanding:
    """Say how a source is configured, whether its secrets are there, and what was heard of it."""
    configured = _of_settings(call, source)
    if configured is not None:
        state = SourceState.of_settings(configured)
        tell_etag(response, etag_of(state.model_dump()))
    else:
        stored, _ = await load_source(call.services.documents, source)
        state = SourceState.of_stored(stored, call.services.clock.now())
        tell_etag(response, etag_of(_content(stored)))
    heard = [SubscriptionState.of(each) for each in await counted(call.services.documents, source)]
    latest = moment_or_none(await last_heard(call.services.documents, source))
    return SourceStanding(**dict(state), heard=latest, subscriptions=heard)


@routes("putSource")
async def put_source(call: TheCall, source: SourceName, body: SourceBody, response: Response) -> SourceState:
    """Change a source; a proof of the same kind in the same place keeps its secret."""
    stored, etag = await _stored(call, source)
    await call.begins("", "source", source, before=_content(stored))
    made = await change(call.services, source, body.wanted(), call.caller.subject, etag)
    call.changed(_content(made))
    tell_etag(response, etag_of(_content(made)))
    return SourceState.of_stored(made, call.services.clock.now())


@routes("deleteSource", status=204)
async def delete_source(call: TheCall, source: SourceName) -> None:
    """Remove a source: what it sends is refused, by every instance within seconds."""
    stored, etag = await _stored(call, source)
    await call.begins("", "source", source, before=_content(stored))
    await remove(call.services, stored, etag)


@routes("listGaps")
async def list_gaps(call: TheCall, source: SourceName, limit: Limit = 50, cursor: Cursor = "") -> Page[Gap]:
    """List the numbers of notifications that never came, and that no search has made up for yet."""
    if _of_settings(call, source) is None:
        await load_source(call.services.documents, source)
    gaps = [
        Gap(subscription=each.subscription, first=first, last=last)
        for each in await counted(call.services.documents, source)
        for first, last in each.counter.missing
    ]
    return paged(gaps, limit, cursor, lambda gap: f"{gap.subscription} {gap.first:020d}", source)


async def _stored(call: Call, name: str) -> tuple[StoredSource, str]:
    """Read a source that may be edited, as it was read before, and the ETag to write over."""
    if _of_settings(call, name) is not None:
        raise Refusal(409, "in-settings", "this source is in HEARTHLINE_SOURCES: change it there")
    stored, etag = await load_source(call.services.documents, name)
    check_match(call, etag_of(_content(stored)))
    return stored, etag


def _of_settings(call: Call, name: str) -> Source | None:
    return next((each for each in call.services.sources.configured if each.name == name), None)


def _content(stored: StoredSource) -> dict[str, Any]:
    """Return what an ETag and the audit trail's digests are made of."""
    secrets = {place: secret.sealed for place, secret in stored.secrets.items()}
    return {"formats": stored.formats, "proofs": stored.proofs, "required": stored.required, **secrets}

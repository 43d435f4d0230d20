"""Drafts of definitions: saved by authors, checked, and published by somebody who wrote nothing in them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.admin.call import Call, TheCall
from functions.admin.definitions import SEGMENT, Approved, CheckAnswer, answer_of
from functions.admin.etags import check_match, etag_of, tell_etag
from functions.admin.paging import Cursor, Limit, Page, cursor_of, place_of
from functions.admin.problems import Refusal
from functions.admin.publications import PublicationAnswer, published
from functions.admin.routes import PREFIX, Routes
from functions.admin.shapes import Body, Moment, moment
from shared.access.roles import AUTHORS
from shared.usecases.drafts.checking import check
from shared.usecases.drafts.kept import (
    Draft,
    DraftKind,
    Wanted,
    create_draft,
    delete_draft,
    load_draft,
    page_of_drafts,
    save_draft,
)
from shared.usecases.publications import publish_draft

routes = Routes("drafts")

_AUTHOR = "0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10"
_SUMMARY: dict[str, Any] = {
    "draft": "6c1d1de8-6e6c-5f0a-8d44-0f5d6a4c2b11",
    "kind": "segment",
    "url": SEGMENT["url"],
    "version": "1.0.0",
    "title": "Adults",
    "authors": [_AUTHOR],
    "created": "2026-03-02T09:00:00Z",
    "saved": "2026-03-02T09:12:00Z",
    "by": _AUTHOR,
}

type DraftId = Annotated[
    str,
    Path(pattern="^[0-9a-f-]{36}$", description="As createDraft answers it", examples=[_SUMMARY["draft"]]),
]


class NewDraft(Body):
    """A definition to be kept: it may still be wrong, or not whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "segment", "content": SEGMENT}]})

    kind: DraftKind
    content: dict[str, Any] = Field(description="Of 256 KiB at most")


class DraftContent(Body):
    """What a draft says from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"content": SEGMENT}]})

    content: dict[str, Any] = Field(description="Of 256 KiB at most")


class DraftPublishing(Body):
    """How a draft is published."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"approved_only": True}]})

    approved_only: Approved = False


class DraftSummary(BaseModel):
    """A draft, as lists tell of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY]})

    draft: str = Field(description="Its id")
    kind: DraftKind
    url: str = Field(description="As far as it says so; empty where it does not")
    version: str
    title: str
    authors: list[str] = Field(description="Everybody who has saved it: none of them may publish it")
    created: Moment
    saved: Moment
    by: str = Field(description="Who saved it last")


class DraftDetail(DraftSummary):
    """A draft with what it says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_SUMMARY, "content": SEGMENT}]})

    content: dict[str, Any]


class DraftSaved(BaseModel):
    """That a draft was saved."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"draft": _SUMMARY["draft"]}]})

    draft: str = Field(description="Its id")


@routes("listDrafts")
async def list_drafts(
    call: TheCall,
    limit: Limit = 50,
    cursor: Cursor = "",
    kind: Annotated[DraftKind | None, Query(description="Only those of a kind")] = None,
    author: Annotated[
        str, Query(max_length=100, description="Only those that this one saved, by id; me: the caller")
    ] = "",
) -> Page[DraftSummary]:
    """List drafts, in an order that means nothing; a page may be short where others lie between."""
    meant = call.caller.subject if author == "me" else author
    wanted = Wanted(kind or "", meant)
    found, place = await page_of_drafts(call.services.documents, place_of(cursor, kind, meant), limit, wanted)
    return Page(
        items=[DraftSummary(**_summary(draft)) for draft in found],
        next=cursor_of(place, kind, meant) if place else "",
    )


@routes("createDraft", status=201)
async def create_draft_of(call: TheCall, body: NewDraft, response: Response) -> DraftSaved:
    """Save a new draft. Whoever is an EventPlanner alone saves campaigns only."""
    _check_kind(call, body.kind)
    now, by = call.services.clock.now(), call.caller.subject
    draft = Draft(call.intent, body.kind, body.content, (by,), now, now, by)
    await call.begins("", draft.draft)
    draft = await create_draft(call.services.documents, draft)
    call.changed(draft.content)
    tell_etag(response, _etag(draft))
    response.headers["Location"] = f"{PREFIX}/drafts/{draft.draft}"
    return DraftSaved(draft=draft.draft)


@routes("getDraft")
async def get_draft(call: TheCall, draft: DraftId, response: Response) -> DraftDetail:
    """Read a draft, with the ETag over which it is saved."""
    found, _ = await load_draft(call.services.documents, draft)
    tell_etag(response, _etag(found))
    return DraftDetail(**_summary(found), content=found.content)


@routes("replaceDraft")
async def replace_draft(call: TheCall, draft: DraftId, body: DraftContent, response: Response) -> DraftDetail:
    """Save a draft over what was read. Whoever saves it is one of its authors from then on."""
    found, etag = await _looked_at(call, draft)
    _check_kind(call, found.kind)
    await call.begins("", found.draft, before=found.content)
    now, by = call.services.clock.now(), call.caller.subject
    saved = await save_draft(call.services.documents, found, etag, body.content, by, now)
    call.changed(saved.content)
    tell_etag(response, _etag(saved))
    return DraftDetail(**_summary(saved), content=saved.content)


@routes("deleteDraft", status=204)
async def delete_draft_of(call: TheCall, draft: DraftId) -> None:
    """Delete a draft, as it was read."""
    found, etag = await _looked_at(call, draft)
    _check_kind(call, found.kind)
    await call.begins("", found.draft, before=found.content)
    await delete_draft(call.services.documents, found, etag)


@routes("checkDraft")
async def check_draft(call: TheCall, draft: DraftId) -> CheckAnswer:
    """Check a draft as a publication would: mistakes are the answer, a 200."""
    found, _ = await load_draft(call.services.documents, draft)
    return answer_of(await check(call.services, (found.document,)))


@routes("publishDraft", status=201, responses={200: {"description": "It was published before"}})
async def publish_draft_of(
    call: TheCall, draft: DraftId, body: DraftPublishing, response: Response
) -> PublicationAnswer:
    """Publish a draft as it was read, and remove it: never by one of those who wrote it.

    It is checked with all that is published, and a template by lint; marketing must have been approved
    (submitTemplate, approveTemplate). The problem `own-work` says that the caller is among the authors.
    """
    found, etag = await _looked_at(call, draft)
    await call.begins("", found.draft, found.document.canonical, before=found.content)
    if call.caller.subject in found.authors:
        raise Refusal(403, "own-work", "whoever has written in a draft does not publish it")
    done = await publish_draft(call.services, found, etag, approved_only=body.approved_only)
    call.changed(done.added)
    return published(done, response)


async def _looked_at(call: Call, draft: str) -> tuple[Draft, str]:
    """Read a draft that is as the caller has seen it, with its ETag in storage."""
    found, etag = await load_draft(call.services.documents, draft)
    check_match(call, _etag(found))
    return found, etag


def _check_kind(call: Call, kind: DraftKind) -> None:
    if kind != "campaign" and not call.caller.has(AUTHORS):
        raise Refusal(403, "forbidden", "an EventPlanner writes campaigns, and nothing else")


def _etag(draft: Draft) -> str:
    return etag_of([draft.content, draft.authors, draft.saved, draft.by])


def _summary(draft: Draft) -> dict[str, Any]:
    told = {name: _text(draft.content.get(name)) for name in ("url", "version", "title")}
    return {
        "draft": draft.draft,
        "kind": draft.kind,
        **told,
        "authors": list(draft.authors),
        "created": moment(draft.created),
        "saved": moment(draft.saved),
        "by": draft.by,
    }


def _text(found: object) -> str:
    return found[:500] if isinstance(found, str) else ""

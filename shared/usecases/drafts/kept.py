"""Drafts as documents: what is written so far, and everybody who has written in it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Document
from shared.errors import Conflict, Rejected
from shared.fhir.instants import Instant
from shared.patient.record import identify
from shared.ports import Documents

DRAFTS = "drafts"
"""Kind of the documents, by the draft's id."""

AUTHORS = "authors"
"""Kind of the documents that say who wrote what is no draft any more: a list of opaque ids."""

type DraftKind = Literal["segment", "journey", "template", "valueset", "campaign", "questionnaire"]
"""No lists: they name people, whom authors do not see. They come from a Group, or from an administrator."""

MOST_BYTES = 256 * 1024
"""Of what a draft says, as JSON."""

_STEP = 100
_FURTHEST = 1000
"""Drafts that are looked through for one page of those that are wanted."""


class Draft(Struct, frozen=True):
    """A definition that is being written."""

    draft: str
    """Its id."""
    kind: DraftKind
    content: dict[str, Any]
    """What is written so far: it may be wrong, or not yet whole."""
    authors: tuple[str, ...]
    """Everybody who has saved it, as opaque ids, the first one first: none of them may publish it."""
    created: Instant
    saved: Instant
    by: str
    """Who saved it last."""

    @property
    def document(self) -> Document:
        """Return it as it would be published."""
        return Document(self.kind, "draft", self.content)


class Wanted(Struct, frozen=True):
    """Which drafts a list is of; "" leaves that open."""

    kind: DraftKind | Literal[""] = ""
    author: str = ""

    def takes(self, draft: Draft) -> bool:
        """Say whether a draft is among them."""
        return self.kind in ("", draft.kind) and (not self.author or self.author in draft.authors)


_encode, _decode = msgspec.json.Encoder(order="deterministic").encode, msgspec.json.Decoder(Draft).decode


async def load_draft(documents: Documents, draft: str) -> tuple[Draft, str]:
    """Read a draft, and the ETag to write over. Raises Rejected (unknown-draft), Unavailable."""
    found = await documents.get(DRAFTS, draft)
    if found is None:
        raise Rejected("there is no such draft", "unknown-draft")
    return _decode(found[0]), found[1]


async def create_draft(documents: Documents, draft: Draft) -> Draft:
    """Write a new draft; one that is there already under its id stays. Raises Rejected (too-large)."""
    try:
        await documents.put(DRAFTS, draft.draft, _checked(draft), "")
    except Conflict:  # asked for twice
        return (await load_draft(documents, draft.draft))[0]
    return draft


async def save_draft(
    documents: Documents, draft: Draft, etag: str, content: dict[str, Any], by: str, now: Instant
) -> Draft:
    """Write other content over what was read. Raises Rejected (too-large), Conflict, Unavailable."""
    authors = tuple(dict.fromkeys((*draft.authors, by)))
    saved = replace(draft, content=content, authors=authors, saved=now, by=by)
    if saved.document.canonical != draft.document.canonical:
        await _keep_authors(documents, draft)
    await documents.put(DRAFTS, draft.draft, _checked(saved), etag)
    return saved


async def delete_draft(documents: Documents, draft: Draft, etag: str) -> None:
    """Remove what was read. Raises Conflict when somebody saved it since, Unavailable.

    Written once more before it goes, as only a write is refused when it is not over what was read.
    """
    await documents.put(DRAFTS, draft.draft, _encode(draft), etag)
    await _keep_authors(documents, draft)
    await documents.delete(DRAFTS, draft.draft)


async def _keep_authors(documents: Documents, draft: Draft) -> None:
    """Write down who wrote it, with those who did before. Raises Conflict, Unavailable."""
    name = identify("authors", draft.document.canonical)
    there = await documents.get(AUTHORS, name)
    before = msgspec.json.decode(there[0], type=list[str]) if there else []
    authors = list(dict.fromkeys((*before, *draft.authors)))
    await documents.put(AUTHORS, name, msgspec.json.encode(authors), there[1] if there else "")


async def page_of_drafts(
    documents: Documents, after: str, limit: int, wanted: Wanted
) -> tuple[list[Draft], str]:
    """Return the first `limit` beyond the id `after` that are wanted, and where to go on; "": no further.

    A page may be short where others lie between: no more than _FURTHEST are looked through.
    """
    found: list[Draft] = []
    for _ in range(_FURTHEST // _STEP):
        some = await documents.page(DRAFTS, after, _STEP)
        for name, body in some:
            draft, after = _decode(body), name
            found += [draft] if wanted.takes(draft) else []
            if len(found) == limit:
                return found, after
        if len(some) < _STEP:
            return found, ""
    return found, after


def _checked(draft: Draft) -> bytes:
    body = _encode(draft)
    if len(body) > MOST_BYTES:
        raise Rejected(f"the draft has {len(body)} bytes as JSON, {MOST_BYTES} at most", "too-large")
    return body

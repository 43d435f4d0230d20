"""Pages: a cursor says where a list was read to, by a place in an order that writes do not move."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from functions.admin.call import digest
from functions.admin.problems import Refusal

MOST = 200

type Limit = Annotated[int, Query(ge=1, le=MOST, description="Items on a page at most")]
type Cursor = Annotated[str, Query(max_length=2000, description="`next` of the page before; none: begin")]


class Page[T](BaseModel):
    """Some items of a list, and where to go on."""

    items: list[T]
    next: str = Field("", description="Cursor of the next page; empty where this is the last")


def place_of(cursor: str, *filters: object) -> str:
    """Return the place in a cursor, "" at the beginning; `filters` must be those it was made with."""
    if not cursor:
        return ""
    try:
        mark, place = orjson.loads(urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError):
        raise Refusal(400, "bad-cursor", "the cursor is none that was given here") from None
    if not isinstance(place, str) or mark != _mark(filters):
        raise Refusal(400, "bad-cursor", "the cursor is of a list with other filters")
    return place


def cursor_of(place: str, *filters: object) -> str:
    """Return a cursor; `place` is never anything of a person."""
    return urlsafe_b64encode(orjson.dumps([_mark(filters), place])).decode()


def paged[T](
    items: Sequence[T], limit: int, cursor: str, name: Callable[[T], str], *filters: object
) -> Page[T]:
    """Cut a page out of a list in memory that is ordered by `name(item)`: those beyond the cursor's place."""
    after = place_of(cursor, *filters)
    rest = [item for item in items if name(item) > after]
    more = len(rest) > limit
    shown = rest[:limit]
    return Page(items=shown, next=cursor_of(name(shown[-1]), *filters) if more else "")


def _mark(filters: Sequence[object]) -> str:
    return digest([str(each) for each in filters])[:12]

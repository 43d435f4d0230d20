"""ETags: what is edited is read with one, and written over that one alone."""

from __future__ import annotations

from fastapi import Response

from functions.admin.call import Call, digest
from functions.admin.problems import Refusal


def etag_of(content: object) -> str:
    """Return the ETag of something that JSON can say."""
    return digest(content)[:32]


def tell_etag(response: Response, etag: str) -> None:
    """Let an answer carry its ETag."""
    response.headers["ETag"] = f'"{etag}"'


def check_match(call: Call, etag: str) -> None:
    """Refuse to write over something that has changed since it was read; the guard has refused `*`."""
    if call.if_match != etag:
        raise Refusal(412, "changed", "it has changed since it was read: read it again")

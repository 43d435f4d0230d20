"""Limits on what is sent: what stands in an address, how large a body is and how deep, and that it is JSON.

All of it before anything parses it for a handler; nothing that was sent is quoted.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

import orjson
from fastapi import Request

from functions.admin.problems import Refusal
from shared.access.roles import Caller

MOST_BYTES = 4 * 1024 * 1024
"""Of a body: a publication of many definitions at once has a few hundred KiB."""

DEEPEST = 40
"""Levels of JSON within one another."""

_OPAQUE = re.compile(r"[A-Za-z0-9._~:@=-]{1,200}")
"""What a part of an address may be: an id of ours, a version, the name of a queue or a source."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|%(0[0-8bcef]|1[0-9a-f]|7f)", re.IGNORECASE)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string of JSON, or the beginning of one that never ends: so that each byte is looked at once."""
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {each: 1 if each in b"[{" else -1 for each in b"[]{}"}


class Sent(Request):
    """A request whose JSON was read by us: FastAPI's own reader takes NaN, and halves of characters."""

    read: Any = None

    async def json(self) -> Any:
        """Return what check_body read."""
        return self.read


def check_address(request: Request) -> None:
    """Refuse an address that no link of ours can have, before any of it becomes the key of a row."""
    for value in request.path_params.values():
        if not _OPAQUE.fullmatch(str(value)) or set(str(value)) == {"."}:
            raise Refusal(404, "not-found", "there is nothing here by that name")
    if _CONTROL.search(
        request.scope["query_string"].decode("latin-1")
    ):  # request.url goes by the header Host
        raise Refusal(400, "not-text", "the query holds a control character")


async def check_body(request: Sent, caller: Caller) -> None:
    """Refuse a body that is too large, nested too deeply, or no JSON; read it."""
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise Refusal(413, "too-large", f"the body has more than {MOST_BYTES} bytes")
    if not _is_json(request.headers.get("content-type", "")) and (body or _may_be_a_form(request, caller)):
        raise Refusal(415, "unsupported-media-type", "Content-Type must be application/json")
    if body:
        request.read = _read(body)


def _is_json(media_type: str) -> bool:
    """Say whether it is JSON, in the one encoding that JSON has (RFC 8259)."""
    kind, _, more = media_type.partition(";")
    charset = more.strip().lower().removeprefix("charset=").strip('"')
    return kind.strip().lower() == "application/json" and charset in ("", "utf-8")


def _may_be_a_form(request: Request, caller: Caller) -> bool:
    """Say whether another site's page could have made a browser send it.

    A browser adds the platform's cookie to a form of any site, but asks first before it sends JSON, and we
    never say yes: there are no CORS headers.
    """
    return caller.via == "platform" and request.method == "POST"


def _read(body: bytes) -> Any:
    if _depth(body) > DEEPEST:
        raise Refusal(400, "too-deep", f"the body nests more than {DEEPEST} levels")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(400, "not-json", "the body is no JSON") from None
    if b"\\u0000" in body and _has_nul(found):
        raise Refusal(400, "not-text", "the body holds a NUL character")
    return found


def _depth(body: bytes) -> int:
    """Return how deep brackets go; those inside strings do not count."""
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets), initial=0))


def _has_nul(found: object) -> bool:
    match found:
        case str():
            return "\0" in found
        case dict():
            return any(_has_nul(name) or _has_nul(value) for name, value in found.items())
        case list():
            return any(map(_has_nul, found))
    return False

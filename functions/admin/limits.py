"""Limits on what is sent: bytes of a body, and how deep its JSON goes, before anything parses it."""

from __future__ import annotations

from fastapi import Request

from functions.admin.problems import Refusal

MOST_BYTES = 4 * 1024 * 1024
"""Of a body: a publication of many definitions at once has a few hundred KiB."""

DEEPEST = 40
"""Levels of JSON within one another."""


async def check_body(request: Request) -> None:
    """Refuse a body that is too large, or nested too deeply."""
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise Refusal(413, "too-large", f"the body has more than {MOST_BYTES} bytes")
    if _depth(body) > DEEPEST:
        raise Refusal(400, "too-deep", f"the body nests more than {DEEPEST} levels")


def _depth(body: bytes) -> int:
    """Return how deep brackets go; those inside strings do not count."""
    depth = deepest = 0
    inside = escaped = False
    for byte in body:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEEPEST:
                return deepest
        elif byte in b"]}":
            depth -= 1
    return deepest

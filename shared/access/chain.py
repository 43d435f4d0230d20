"""The chain of the audit trail: each entry is bound to the one before by a digest that needs a key to make.

HMAC-SHA256 (RFC 2104) over lane, number, stamp, the digest before and the entry's bytes. Without a key it is
plain SHA-256: accidents are found then, but not whoever means it and recomputes the digests.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

LANES = 8
"""Chains beside one another, so that several instances append at once; more may be added, none taken away."""

PLAIN = ""
"""Name of the key where there is none."""

type End = Literal["head", "foot"]


class Link(Struct, frozen=True):
    """One entry in its lane."""

    lane: int
    number: int
    """From 1 on, without gaps."""
    stamp: int
    """Microseconds since 1970; grows from entry to entry of a lane, also where clocks disagree."""
    previous: str
    """Digest of the entry before; "" of the first."""
    digest: str
    key: str
    """Which secret made the digest, by its name; PLAIN: none."""
    body: bytes
    """The entry as JSON, as it was digested."""


class Mark(Struct, frozen=True):
    """Where a lane ends: at its head the latest entry, at its foot the last one that retention removed."""

    lane: int
    number: int = 0
    stamp: int = 0
    digest: str = ""
    key: str = PLAIN
    seal: str = ""
    """Digest of the mark itself, so that an earlier entry cannot be made the last one."""


class Sealer:
    """Makes digests with the first secret, and checks those that any of them made."""

    def __init__(self, secrets: Sequence[bytes] = ()) -> None:
        self._secrets = {name_of(secret): secret for secret in secrets}
        self.key = next(iter(self._secrets), PLAIN)

    def knows(self, key: str) -> bool:
        """Say whether digests of a key can be checked."""
        return key == PLAIN or key in self._secrets

    def link(self, after: Mark, stamp: int, body: bytes) -> Link:
        """Return an entry's link after the head of its lane."""
        stamp, number = max(stamp, after.stamp + 1), after.number + 1
        bare = Link(after.lane, number, stamp, after.digest, "", self.key, body)
        return replace(bare, digest=self._digest(_framed(bare), self.key))

    def mark(self, end: End, link: Link) -> Mark:
        """Return a lane's head or foot at an entry."""
        bare = Mark(link.lane, link.number, link.stamp, link.digest, self.key)
        return replace(bare, seal=self._digest(_sealed(end, bare), self.key))

    def is_link(self, link: Link) -> bool:
        """Say whether an entry is as it was when its digest was made."""
        return self.knows(link.key) and hmac.compare_digest(
            link.digest.encode(), self._digest(_framed(link), link.key).encode()
        )

    def is_mark(self, end: End, mark: Mark) -> bool:
        """Say whether a head or foot is as it was made; none at all, before the first entry, is right."""
        if mark == Mark(mark.lane):
            return True
        wanted = self._digest(_sealed(end, mark), mark.key) if self.knows(mark.key) else ""
        return hmac.compare_digest(mark.seal.encode(), wanted.encode())

    def _digest(self, content: bytes, key: str) -> str:
        if key == PLAIN:
            return hashlib.sha256(content).hexdigest()
        return hmac.digest(self._secrets[key], content, "sha256").hex()


def name_of(secret: bytes) -> str:
    """Return the name of a secret, which tells nothing of it."""
    return hashlib.sha256(b"hearthline audit key\n" + secret).hexdigest()[:8]


def lane_of(request: str) -> int:
    """Return the lane of a request: all its entries are in one."""
    return hashlib.sha256(request.encode(errors="replace")).digest()[0] % LANES


def _framed(link: Link) -> bytes:
    head = ("entry", link.lane, link.number, link.stamp, link.previous, link.key, "")
    return "\n".join(map(str, head)).encode() + link.body


def _sealed(end: End, mark: Mark) -> bytes:
    head = (end, mark.lane, mark.number, mark.stamp, mark.digest, mark.key)
    return "\n".join(map(str, head)).encode()

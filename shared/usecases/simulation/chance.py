"""Chance that is none: the same seed, patient and question always give the same number.

So two versions of a journey meet the same people in the same mood, whatever the order or number of workers.
"""

from __future__ import annotations

from hashlib import blake2b

_WHOLE = float(1 << 64)


def share(seed: str, *what: str) -> float:
    """Return a number from 0 to below 1, evenly spread over different questions."""
    digest = blake2b("\x1f".join((seed, *what)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / _WHOLE

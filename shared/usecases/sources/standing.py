"""How a source stands: what was heard of it by number, and what never came."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import msgspec
from msgspec import Struct

from shared.fhir.counters import Counter
from shared.ports import Documents
from shared.usecases.count import COUNTERS

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PAGE = 100

_decode = msgspec.json.Decoder(Counter).decode


class Counted(Struct, frozen=True):
    """One subscription of a source, whose events are numbered."""

    subscription: str
    """Opaque: its own id is a URL of the FHIR server's."""
    counter: Counter

    @property
    def missing(self) -> int:
        """Return how many events never came, and were not recovered."""
        return sum(last - first + 1 for first, last in self.counter.missing)


async def counted(documents: Documents, source: str) -> list[Counted]:
    """Return what is counted of a source's subscriptions. Raises Unavailable."""
    return [each async for each in _counted(documents, source)]


async def _counted(documents: Documents, source: str) -> AsyncIterator[Counted]:
    """Walk the counters whose names begin so; those of a source "a-b" lie among those of "a"."""
    prefix = after = f"{source}-"
    while rows := await documents.page(COUNTERS, after, _PAGE):
        for name, body in rows:
            after = name
            if not name.startswith(prefix):
                return
            if _UUID.fullmatch(name.removeprefix(prefix)):
                yield Counted(name.removeprefix(prefix), _decode(body))

"""What an audit found: written part by part while it goes on, read as one report, kept for some time.

Documents of the kind `audits`. Opaque keys, references and urls only: no patient data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from shared.fhir.instants import Instant, iso
from shared.ports import Documents

REPORTS = "audits"
KEPT_RUNS = 30
MOST_NAMED = 400
"""Differences that a part names; all are counted."""

type Kind = Literal[
    "missing", "stale", "extra", "ahead", "membership", "unlisted", "listed", "orphan", "wake-up", "late"
]

MEANING: dict[Kind, str] = {
    "missing": "on the FHIR server, not in the record",
    "stale": "the record has an older version than the FHIR server",
    "extra": "in the record, not on the FHIR server",
    "ahead": "the record has a later version than the FHIR server",
    "membership": "a membership is not what its segment says now",
    "unlisted": "a member who is not in the member list",
    "listed": "in the member list, and no member",
    "orphan": "in a member list, and no record",
    "wake-up": "something is due, and no wake-up row says so",
    "late": "something was due some time ago and has not happened",
}


class Difference(Struct, frozen=True, array_like=True):
    """One thing that did not agree."""

    kind: Kind
    key: str
    """The patient's opaque key."""
    what: str
    """Reference of a resource, or url of a segment; "" where it is about the record as a whole."""
    repaired: bool = False


class Part(Struct, frozen=True):
    """What one shard of an audit has found so far."""

    started: Instant
    repair: bool
    shards: int
    cursor: str = ""
    finished: Instant | None = None
    looked_at: int = 0
    unchecked: int = 0
    """Patients of whom the FHIR server would not tell."""
    counts: dict[str, int] = {}
    repaired: int = 0
    named: tuple[Difference, ...] = ()

    def grown(self, cursor: str, looked_at: int, unchecked: int, found: Iterable[Difference]) -> Part:
        """Return the part with what a further batch brought."""
        more = tuple(found)
        counts = Counter(self.counts) + Counter(str(each.kind) for each in more)
        return msgspec.structs.replace(
            self,
            cursor=cursor,
            looked_at=self.looked_at + looked_at,
            unchecked=self.unchecked + unchecked,
            counts=dict(counts),
            repaired=self.repaired + sum(each.repaired for each in more),
            named=(*self.named, *more)[:MOST_NAMED],
        )


class Report(Struct, frozen=True):
    """An audit as a whole."""

    run: str
    repair: bool
    started: Instant
    finished: Instant | None
    looked_at: int
    unchecked: int
    counts: dict[str, int]
    repaired: int
    named: tuple[Difference, ...]

    @property
    def differed(self) -> int:
        """Count all that did not agree."""
        return sum(self.counts.values())


_PAGE = 100
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Part).decode


def run_name(started: Instant) -> str:
    """Name a run by its beginning; later ones sort later."""
    return iso(started)


def _name(run: str, shard: int) -> str:
    return f"{run} {shard:03d}"


async def load_part(documents: Documents, run: str, shard: int) -> tuple[Part | None, str]:
    """Read what a shard has found, and the ETag to write over."""
    found = await documents.get(REPORTS, _name(run, shard))
    return (_decode(found[0]), found[1]) if found else (None, "")


async def save_part(documents: Documents, run: str, shard: int, part: Part, etag: str) -> str:
    """Write what a shard has found. Raises Conflict when another worker did meanwhile."""
    return await documents.put(REPORTS, _name(run, shard), _encode(part), etag)


async def reports(documents: Documents) -> list[Report]:
    """Read all reports, the oldest first."""
    parts: dict[str, list[Part]] = {}
    async for name, body in documents.all(REPORTS):
        parts.setdefault(name.rpartition(" ")[0], []).append(_decode(body))
    return [joined(run, found) for run, found in sorted(parts.items())]


async def joined_since(documents: Documents, since: Instant) -> Report | None:
    """Read the latest audit that began since an instant, or None; costs that audit's parts."""
    parts: dict[str, list[Part]] = {}
    after = run_name(since)
    while rows := await documents.page(REPORTS, after, _PAGE):
        after = rows[-1][0]
        for name, body in rows:
            parts.setdefault(name.rpartition(" ")[0], []).append(_decode(body))
    return joined(run, parts[run]) if (run := max(parts, default="")) else None


async def report(documents: Documents, run: str) -> Report | None:
    """Read one report."""
    return next((each for each in await reports(documents) if each.run == run), None)


def joined(run: str, parts: list[Part]) -> Report:
    """Make one report of the parts of a run; finished once all of its shards are."""
    ends = [part.finished for part in parts if part.finished is not None]
    counts: Counter[str] = sum((Counter(part.counts) for part in parts), Counter())
    return Report(
        run=run,
        repair=parts[0].repair,
        started=min(part.started for part in parts),
        finished=max(ends) if len(ends) == parts[0].shards else None,
        looked_at=sum(part.looked_at for part in parts),
        unchecked=sum(part.unchecked for part in parts),
        counts=dict(counts),
        repaired=sum(part.repaired for part in parts),
        named=tuple(each for part in parts for each in part.named),
    )


async def forget_old(documents: Documents) -> None:
    """Remove the reports of all but the latest runs."""
    names = [name async for name, _ in documents.all(REPORTS)]
    kept = sorted({name.rpartition(" ")[0] for name in names})[-KEPT_RUNS:]
    for name in names:
        if name.rpartition(" ")[0] not in kept:
            await documents.delete(REPORTS, name)

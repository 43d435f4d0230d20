"""A population run as documents: what a publication set going, and how far each shard of the patients is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from shared.errors import Conflict, Rejected
from shared.fhir.instants import Instant
from shared.ports import BEYOND
from shared.usecases.services import Services

POPULATIONS = "populations"
"""Kind of the documents that describe runs, by version; a run's shards are of kind `population-VERSION`."""

_VERSION = re.compile(r"[0-9]{1,9}-[0-9a-f]{16}")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Population(Struct, frozen=True):
    """A run: everybody is looked at, as this version of the catalogue was published."""

    version: str
    shards: int
    segments: tuple[str, ...]
    """Urls of what the publication changed."""
    started: Instant


class Tally(Struct, frozen=True):
    """What came of it for one segment. Entered and left are counted when they are committed.

    A crash leaves those of its page uncounted; members are counted as they are seen, exactly.
    """

    members: int = 0
    entered: int = 0
    left: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.members + other.members, self.entered + other.entered, self.left + other.left)


type Tallies = Mapping[str, Tally]


class Shard(Struct, frozen=True):
    """How far one range of patient keys is."""

    cursor: str
    """Keys up to this one are done."""
    upper: str
    """Keys below this one belong to the shard."""
    at: Instant
    """When it was last heard of."""
    turn: int = 0
    looked_at: int = 0
    committed: int = 0
    segments: dict[str, Tally] = {}
    done: bool = False


class Progress(Struct, frozen=True):
    """How far a run is; `finished` is None while it goes on."""

    population: Population
    shards_done: int
    looked_at: int
    committed: int
    segments: dict[str, Tally]
    finished: Instant | None = None

    @property
    def entered(self) -> int:
        """Return how many memberships began."""
        return sum(tally.entered for tally in self.segments.values())

    @property
    def left(self) -> int:
        """Return how many ended."""
        return sum(tally.left for tally in self.segments.values())


def added(one: Tallies, other: Tallies) -> dict[str, Tally]:
    """Add up what was counted, segment by segment."""
    return {url: one.get(url, Tally()) + other.get(url, Tally()) for url in (*one, *other)}


def shard_at_first(run: Population, number: int) -> Shard:
    """Return a shard that nobody has worked on: keys are evenly spread hexadecimal digests."""
    return Shard(*key_range(number, run.shards), run.started)


def key_range(number: int, parts: int) -> tuple[str, str]:
    """Return from which key on, and below which one, the part is of that number: parts are equally large."""
    lower, upper = (f"{(number + step) * 2**32 // parts:08x}" for step in (0, 1))
    return lower if number else "", upper if number + 1 < parts else BEYOND


async def load_population(services: Services, version: str) -> Population | None:
    """Read a run, None where there is none. Raises Rejected for what is no version, Unavailable."""
    if not _VERSION.fullmatch(version):
        raise Rejected("no version of a catalogue", "unknown-population")
    found = await services.documents.get(POPULATIONS, version)
    return msgspec.json.decode(found[0], type=Population) if found else None


async def begin_population(services: Services, run: Population) -> Population:
    """Write a run down, or return the one that somebody else began at the same time."""
    try:
        await services.documents.put(POPULATIONS, run.version, _encode(run), "")
    except Conflict:
        begun = await load_population(services, run.version)
        if begun is None:
            raise
        return begun
    return run


async def load_shard(services: Services, run: Population, number: int) -> tuple[Shard, str]:
    """Read how far a shard is, and the ETag to write over."""
    found = await services.documents.get(f"population-{run.version}", f"{number:04d}")
    return (
        (msgspec.json.decode(found[0], type=Shard), found[1]) if found else (shard_at_first(run, number), "")
    )


async def save_shard(services: Services, run: Population, number: int, shard: Shard, etag: str) -> str:
    """Write how far a shard is; the new ETag. Raises Conflict when another worker has written."""
    return await services.documents.put(f"population-{run.version}", f"{number:04d}", _encode(shard), etag)


async def load_shards(services: Services, run: Population) -> list[Shard]:
    """Read how far all shards are."""
    kind = f"population-{run.version}"
    known = {name: body async for name, body in services.documents.all(kind)}
    names = ((number, f"{number:04d}") for number in range(run.shards))
    return [
        msgspec.json.decode(known[name], type=Shard) if name in known else shard_at_first(run, number)
        for number, name in names
    ]


def progress_of(run: Population, shards: Iterable[Shard]) -> Progress:
    """Sum up a run."""
    held = list(shards)
    segments = dict.fromkeys(run.segments, Tally())
    for shard in held:
        segments = added(segments, shard.segments)
    return Progress(
        run,
        sum(shard.done for shard in held),
        sum(shard.looked_at for shard in held),
        sum(shard.committed for shard in held),
        segments,
        max(shard.at for shard in held) if all(shard.done for shard in held) else None,
    )

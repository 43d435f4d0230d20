"""The packed facts of one record: read type by type, or of a type only those that carry a code.

Between the chunks that shared.patient.packing writes and the Facts that segments and journeys ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from threading import local

import msgspec
import zstandard

from shared.fhir.fact import Fact

HEAD = "head"
"""Name of the chunk that holds no facts."""

EMPTY = msgspec.msgpack.encode([])
"""A chunk whose facts were all taken out."""

_decode_all = msgspec.msgpack.Decoder(list[Fact]).decode
_decode_one = msgspec.msgpack.Decoder(Fact).decode
_SMALL = 1024
_MAGIC = zstandard.FRAME_HEADER
"""With it begins what is compressed; no MessagePack array does."""


class _Zstd(local):
    """One compressor and one decompressor a thread: making them costs more than using them."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


def compress(raw: bytes) -> bytes:
    """Compress a chunk, unless it is small: that would save a third of a head and cost 2 us at each load."""
    return raw if len(raw) < _SMALL else compress_always(raw)


def compress_always(raw: bytes) -> bytes:
    """Compress what readers take to be compressed, however small."""
    return _zstd.compress(raw)


def decompress(packed: bytes) -> bytes:
    """Decompress a chunk. Raises ValueError."""
    if not packed.startswith(_MAGIC):
        return packed
    try:
        return _zstd.decompress(packed)
    except zstandard.ZstdError as error:
        raise ValueError("a packed chunk is damaged") from error


class PackedFacts:
    """Chunks by name ("Observation_0", "Observation_1"), as stored; every method may raise ValueError."""

    __slots__ = ("_chunks",)

    def __init__(self, chunks: Mapping[str, bytes]) -> None:
        self._chunks = chunks

    @property
    def types(self) -> frozenset[str]:
        """Return the resource types that have chunks."""
        chunks = self._chunks.items()
        return frozenset(name.rpartition("_")[0] for name, raw in chunks if name != HEAD and raw != EMPTY)

    def all_of(self, resource_type: str) -> dict[str, Fact]:
        """Decode the facts of a type, by id, in the order of their first arrival."""
        return {fact.resource_id: fact for raw in self._raw(resource_type) for fact in _decode_all(raw)}

    def coded(self, resource_type: str, code: str) -> list[Fact]:
        """Decode only the facts of a type that carry a token "system|code"; where none does, nothing is."""
        needle = code.encode()
        found = (_holding(raw, needle, _start(resource_type)) for raw in self._raw(resource_type))
        return [fact for facts in found for fact in facts if code in fact.codes and not fact.gone]

    def _raw(self, resource_type: str) -> Iterator[bytes]:
        """Yield the chunks of a type by number: there are no gaps."""
        number = 0
        while (chunk := self._chunks.get(f"{resource_type}_{number}")) is not None:
            yield decompress(chunk)
            number += 1


def _holding(raw: bytes, needle: bytes, start: bytes) -> list[Fact]:
    """Decode the facts within whose bytes the needle occurs; each begins as `start` says.

    Where something like a start is part of a text, all are decoded.
    """
    at = raw.find(needle)
    found = []
    while at >= 0:
        begin, end = raw.rfind(start, 0, at), raw.find(start, at)
        if begin < 0 or _in_text(raw, begin) or (end >= 0 and _in_text(raw, end)):
            return _decode_all(raw)
        found.append(_decode_one(raw[begin : end if end >= 0 else None]))
        at = raw.find(needle, end) if end >= 0 else -1
    return found


def _in_text(raw: bytes, start: int) -> bool:
    """Say whether the first two bytes of a start are perhaps the last two of a character in UTF-8.

    Both are continuation bytes, so in a text the lead byte of three or of four is right before them.
    """
    return raw[start - 1] >= 0xE0 or raw[start - 2] >= 0xF0


@cache
def _start(resource_type: str) -> bytes:
    """Return the bytes with which each fact of a type begins: how many fields, and the first of them."""
    packed, kind = msgspec.msgpack.encode(Fact(resource_type, "")), msgspec.msgpack.encode(resource_type)
    return packed[: packed.index(kind) + len(kind)]

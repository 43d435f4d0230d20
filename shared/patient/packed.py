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

_decode_all = msgspec.msgpack.Decoder(list[Fact]).decode
_decode_one = msgspec.msgpack.Decoder(Fact).decode


class _Zstd(local):
    """One compressor and one decompressor a thread: making them costs more than using them."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


def compress(raw: bytes) -> bytes:
    """Compress a chunk."""
    return _zstd.compress(raw)


def decompress(packed: bytes) -> bytes:
    """Decompress a chunk. Raises ValueError."""
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
        return frozenset(name.rpartition("_")[0] for name in self._chunks if name != HEAD)

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

    Where `start` occurs within a fact too, or some fact does not begin so, all are decoded.
    """
    at = raw.find(needle)
    if at < 0:
        return []
    if raw.count(start) != _length(raw):
        return _decode_all(raw)
    found = []
    while at >= 0:
        end = raw.find(start, at)
        found.append(_decode_one(raw[raw.rfind(start, 0, at) : end if end >= 0 else None]))
        at = raw.find(needle, end) if end >= 0 else -1
    return found


def _length(raw: bytes) -> int:
    """Return how many items a packed list has: four bits, or sixteen after a byte (array 16)."""
    return raw[0] & 0x0F if raw[0] < 0xA0 else int.from_bytes(raw[1:3])


@cache
def _start(resource_type: str) -> bytes:
    """Return the bytes with which each fact of a type begins: how many fields, and the first of them."""
    packed, kind = msgspec.msgpack.encode(Fact(resource_type, "")), msgspec.msgpack.encode(resource_type)
    return packed[: packed.index(kind) + len(kind)]

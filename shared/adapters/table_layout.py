"""How a record's chunks lie in the rows of its partition: which row, which properties, what moves where.

A chunk stays in the row it was first put in, so that a commit writes only what changed; when it outgrows
that row it moves to another. Limits of an entity: 1 MiB, 255 properties of 64 KiB each
(https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.adapters.tables import Entity, Property, TooLarge
from shared.patient.packed import HEAD

type Place = tuple[int, int]
"""A chunk's row, and how many bytes it has."""

_PIECE = 64 * 1024
_ROW = 690 * 1024
"""Bytes of chunks that a row is filled to: of one write, Azurite counts 1 MiB in base64, names included."""
_ENTITY = 1000 * 1024
"""Bytes of chunks that a row can have after several writes."""
_ROOM = 20 * 1024
"""Bytes that a full chunk of facts commonly has: what every one is given room for."""
_HEAD_ROOM = 128 * 1024
"""Bytes kept free for the state, which cannot move out of row 0."""


def lay_out(
    chunks: Mapping[str, bytes], placement: Mapping[str, Place]
) -> tuple[dict[int, dict[str, Property]], dict[str, Place]]:
    """Return the properties to merge into each row, and where every chunk lies then. Raises TooLarge."""
    placed = dict(placement)
    rows: dict[int, dict[str, Property]] = {0: {}}
    for name, chunk in chunks.items():
        was, size = placed.get(name, (None, 0))
        placed[name] = (_row_for(name, len(chunk), placed), len(chunk))
        row = placed[name][0]
        if was is not None and was != row:
            rows.setdefault(was, {}).update(_blanks(name, 0, size))
        rows.setdefault(row, {}).update(pieces(name, chunk))
        if was == row:
            rows[row].update(_blanks(name, len(chunk) + 4, size + 4))
    _check(placed)
    return rows, placed


def chunks_of(entity: Entity) -> dict[str, bytes]:
    """Return a row's chunks by name; those that moved away have left an empty property behind."""
    firsts = [name[:-3] for name, value in entity.items() if name.endswith("__0") and value]
    return {name: join(entity, name) for name in firsts}


def pieces(name: str, chunk: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut a chunk into properties of 64 KiB; its length goes first, as a merge leaves longer tails behind."""
    framed = len(chunk).to_bytes(4, "big") + chunk
    for index, start in enumerate(range(0, len(framed), _PIECE)):
        yield f"{name}__{index}", framed[start : start + _PIECE]


def join(entity: Entity, name: str) -> bytes:
    """Put a chunk together again."""
    first = _piece(entity, name, 0)
    length = int.from_bytes(first[:4], "big")
    rest = (_piece(entity, name, index) for index in range(1, -(-(length + 4) // _PIECE)))
    return b"".join((first[4:], *rest))[:length]


def _piece(entity: Entity, name: str, index: int) -> bytes:
    piece = entity[f"{name}__{index}"]
    assert isinstance(piece, bytes)
    return piece


def _blanks(name: str, start: int, end: int) -> Iterator[tuple[str, bytes]]:
    """Empty the properties that begin at or after byte `start` of what reached to `end`."""
    for index in range(-(-start // _PIECE), max(-(-end // _PIECE), 1)):
        yield f"{name}__{index}", b""


def _row_for(name: str, size: int, placed: Mapping[str, Place]) -> int:
    """Stay where the chunk is while that row can hold it, else go to the first row with room."""
    if name == HEAD:
        return 0
    wanted = _reserved(name, size)
    taken = {0: _HEAD_ROOM if HEAD not in placed else 0}
    for other, (row, length) in placed.items():
        taken[row] = taken.get(row, 0) + (0 if other == name else _reserved(other, length))
    if name in placed and taken[placed[name][0]] + wanted <= _ROW:
        return placed[name][0]
    return next((row for row in sorted(taken) if taken[row] + wanted <= _ROW), max(taken) + 1)


def _reserved(name: str, size: int) -> int:
    return max(size, _HEAD_ROOM if name == HEAD else _ROOM)


def _check(placement: Mapping[str, Place]) -> None:
    sizes: dict[int, int] = {}
    for row, size in placement.values():
        sizes[row] = sizes.get(row, 0) + size
    if max(sizes.values(), default=0) > _ENTITY:
        raise TooLarge(f"{max(sizes.values())} bytes in one row of a patient")

"""Batches of letters for a print house: which letters of a day go into which, and the one file with them all.

`letters/{day}/batch-001.json` says which letters the first batch of a day has; it is written once, so that a
letter is in one batch and no more. What is stored after it goes into the next.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Collection, Iterable

import msgspec
from msgspec import Struct

from shared.errors import Conflict, Rejected
from shared.message.printed import Printed, line_name, pdf_name
from shared.ports import Blobs

_BATCH = "batch-"
_FIRST_YEAR = 1980
"""Before that a ZIP knows no time."""


class Batch(Struct, frozen=True):
    """One file for the print house."""

    day: str
    number: int
    """From 1, of its day."""
    letters: tuple[Printed, ...]
    again: bool = False
    """It was made before."""


async def make_batch(blobs: Blobs, day: str, number: int | None = None) -> Batch:
    """Take the letters of a day that are in no batch into a new one, and return it.

    Where there are none it is the latest batch once more, with `number` the one of that number. Raises
    Rejected where there is none.
    """
    made = await _batches(blobs, day)
    if number is not None:
        return _nth(made, day, number)
    taken = {letter.id for batch in made for letter in batch.letters}
    letters = [letter async for letter in _lines(blobs, day) if letter.id not in taken]
    if not letters:
        return _nth(made, day, len(made))
    batch = Batch(day, len(made) + 1, tuple(letters))
    try:
        await blobs.put(_batch_name(batch), msgspec.json.encode(batch), "application/json", new=True)
    except Conflict:  # somebody else made this batch at the same time
        return await make_batch(blobs, day, batch.number)
    return batch


async def write_batch(blobs: Blobs, batch: Batch) -> bytes:
    """Make the file: one PDF for each letter and manifest.csv, byte for byte the same every time.

    Letters of people who were erased since are left out. Raises Rejected where one is not what was stored.
    """
    bodies = {letter: await _body(blobs, batch.day, letter) for letter in batch.letters}
    held = {letter: body for letter, body in bodies.items() if body is not None}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, batch.day, "manifest.csv", _manifest(held))
        for letter, body in held.items():
            _add(archive, batch.day, f"{letter.id}.pdf", body)
    return out.getvalue()


async def _body(blobs: Blobs, day: str, letter: Printed) -> bytes | None:
    body = await blobs.get(pdf_name(day, letter.id))
    if body is None and await blobs.get(line_name(day, letter.id)) is None:
        return None
    if body is None or hashlib.sha256(body).hexdigest() != letter.sha256:
        raise Rejected(f"the letter {letter.id} is not stored as it was set", "letter-changed")
    return body


async def drop_letters(blobs: Blobs, before: str) -> tuple[int, int]:
    """Remove the letters of the days before one ("2026-03-02"); how many, and how many were never in a batch.

    The latter stay, and so do the lists of batches: they say which letters were printed, and nothing else.
    """
    days = {name.split("/")[1] async for name in blobs.names("letters/")}
    dropped = left = 0
    for day in sorted(day for day in days if day < before):
        taken = {letter.id for batch in await _batches(blobs, day) for letter in batch.letters}
        stored = [letter.id async for letter in _lines(blobs, day)]
        for message_id in taken.intersection(stored):
            await _drop(blobs, day, message_id)
        dropped += len(taken.intersection(stored))
        left += len(set(stored) - taken)
    return dropped, left


async def erase_letters(blobs: Blobs, message_ids: Collection[str]) -> int:
    """Remove the letters of somebody who is to be forgotten, by their messages' ids; how many there were."""
    erased = 0
    async for name in blobs.names("letters/"):
        _, day, file = name.split("/", 2)
        message_id = file.removesuffix(".pdf")
        if message_id in message_ids:
            await _drop(blobs, day, message_id)
            erased += 1
    return erased


async def _drop(blobs: Blobs, day: str, message_id: str) -> None:
    """Remove the line first: what is left of a half-done removal is no letter."""
    await blobs.delete(line_name(day, message_id))
    await blobs.delete(pdf_name(day, message_id))


def _manifest(letters: Iterable[Printed]) -> bytes:
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(("id", "pages", "country", "file", "sha256"))
    for letter in letters:
        rows.writerow((letter.id, letter.pages, letter.country, f"{letter.id}.pdf", letter.sha256))
    return out.getvalue().encode()


def _add(archive: zipfile.ZipFile, day: str, name: str, body: bytes) -> None:
    year, month, date = (int(part) for part in day.split("-"))
    info = zipfile.ZipInfo(name, (max(year, _FIRST_YEAR), month, date, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    archive.writestr(info, body)


def _nth(made: list[Batch], day: str, number: int) -> Batch:
    if not made:
        raise Rejected(f"there are no letters of {day}", "no-letters")
    if not 1 <= number <= len(made):
        raise Rejected(f"there is no batch {number} of {day}", "no-letters")
    found = made[number - 1]
    return Batch(found.day, found.number, found.letters, again=True)


async def _batches(blobs: Blobs, day: str) -> list[Batch]:
    found = [await blobs.get(name) async for name in blobs.names(f"letters/{day}/{_BATCH}")]
    made = [msgspec.json.decode(body, type=Batch) for body in found if body is not None]
    return sorted(made, key=lambda batch: batch.number)


def _batch_name(batch: Batch) -> str:
    return f"letters/{batch.day}/{_BATCH}{batch.number:03}.json"


async def _lines(blobs: Blobs, day: str) -> AsyncIterator[Printed]:
    async for name in blobs.names(f"letters/{day}/"):
        if name.endswith(".json") and not name.rpartition("/")[2].startswith(_BATCH):
            body = await blobs.get(name)
            if body is not None:
                yield msgspec.json.decode(body, type=Printed)

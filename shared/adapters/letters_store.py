"""The letter channel: a PDF and a line for the manifest, both stored until the print house gets its batch.

`letters/{day}/{message id}.pdf` is written first, `letters/{day}/{message id}.json` makes it part of the day:
without its line a letter is not printed, so a try that failed half-way may be made again on another day.
Accepted means stored; shared.usecases.letters makes the batches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date, tzinfo

from msgspec import Struct

from shared.adapters.letters_pdf import Letter, Unsettable, set_letter, typeface
from shared.errors import Unavailable
from shared.fhir.instants import to_datetime
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult, Unknown
from shared.message.printed import Printed, encode_line, line_name, pdf_name
from shared.ports import Blobs

_TRIES = 3


class Letterhead(Struct, frozen=True):
    """Who writes."""

    sender: str
    address: str
    """Postal address in one line."""
    region: str
    """Country (ISO 3166), by which paper and envelope are chosen."""
    zone: tzinfo
    font: str = ""
    """Path of a TrueType font, "" for the one that ReportLab ships."""


def check_letterhead(head: Letterhead) -> str:
    """Return what is wrong with font, name or return address, so that no letter could be set; or ""."""
    sample = Letter(("A", "A"), "A", "A", "en", head.sender, head.address, date(2000, 1, 1), head.region)
    try:
        set_letter(sample, typeface(head.font))
    except Unsettable as problem:
        return problem.reason
    return ""


class LetterChannel:
    """Sets letters and stores them for the print house."""

    def __init__(self, blobs: Blobs, head: Letterhead) -> None:
        self._blobs = blobs
        self._head = head

    async def send(self, message: OutboundMessage) -> SendResult:
        """Store one letter; `message.to` is the postal address, a line feed after each line."""
        lines = tuple(line.strip() for line in message.to.split("\n") if line.strip())
        day = to_datetime(message.first_sent).astimezone(self._head.zone).date()
        head = self._head
        letter = Letter(
            lines,
            message.subject,
            message.text,
            message.language,
            head.sender,
            head.address,
            day,
            head.region,
        )
        try:
            pdf, pages = set_letter(letter, typeface(head.font))
        except Unsettable as reason:
            return Refused(reason.code, reason.reason)
        country = country_of(lines, head.region)
        printed = Printed(message.message_id, pages, country, hashlib.sha256(pdf).hexdigest())
        return await self._store(str(day), printed, pdf)

    async def _store(self, day: str, printed: Printed, pdf: bytes) -> SendResult:
        try:
            await self._blobs.put(pdf_name(day, printed.id), pdf, "application/pdf")
        except Unavailable as error:
            return Deferred(error.reason, error.retry_after)
        line = encode_line(printed)
        if await _tried(lambda: self._blobs.put(line_name(day, printed.id), line, "application/json")):
            return Accepted(printed.id)
        return Unknown("whether the letter is in the batch of its day is not known: storage did not answer")


async def _tried(write: Callable[[], Awaitable[None]]) -> bool:
    for _ in range(_TRIES):
        try:
            await write()
        except Unavailable:
            continue
        return True
    return False


def country_of(lines: tuple[str, ...], region: str) -> str:
    """Return the country that the last line of an address names, in capitals, or the organisation's own."""
    last = lines[-1] if lines else ""
    named = last.isupper() and not any(letter.isdigit() for letter in last)
    return last if named and len(lines) > 2 else region

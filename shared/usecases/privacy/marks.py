"""Marks: by what is remembered that nobody may write to a contact point of somebody who was erased.

A mark is an HMAC-SHA256 of a contact point, or of a patient's id, with a secret of the settings: whoever
reads it learns nothing, whoever holds the contact point and the secret finds it. Asked by the guard before
each send; where nobody was erased that costs one query a minute.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.message.policy import Keys
from shared.patient.record import PatientRecord
from shared.ports import Documents

MARKS = "erased"
"""Kind of the documents, by mark."""

SECONDS = 60.0
"""Of real time for which the marks are remembered: as late may a message to another record stop."""

_KINDS = {"sms": "phone", "whatsapp": "phone"}
"""Channels that share their contact points."""


class Mark(Struct, frozen=True):
    """What is said of a mark: nothing of whom it is."""

    what: Literal["contact", "patient"]
    at: Instant
    by: str
    """Who erased the person, as an opaque id."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Mark).decode


class Marks:
    """The marks of everybody who was erased; `real_time` counts seconds."""

    def __init__(
        self,
        documents: Documents,
        keys: Keys,
        seconds: float = SECONDS,
        real_time: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = documents
        self._keys = keys
        self._seconds = seconds
        self._real_time = real_time
        self._known: frozenset[str] = frozenset()
        self._until = float("-inf")

    async def hold(self, channel: str, address: str) -> bool:
        """Say whether a contact point was somebody's who is erased. Raises Unavailable."""
        if self._real_time() >= self._until:
            self._known = frozenset([name async for name, _ in self._documents.all(MARKS)])
            self._until = self._real_time() + self._seconds
        return bool(self._known) and not self._known.isdisjoint(_marks(self._keys, _kind(channel), address))

    async def make(self, record: PatientRecord, points: Iterable[tuple[str, str]], mark: Mark) -> int:
        """Mark a patient's id and contact points (channel, address); how many marks. May be repeated.

        Raises Rejected where the settings have no secret to do it with, Unavailable.
        """
        if not self._keys.secrets:
            told = "HEARTHLINE_LINK_SECRETS must be set: with it is remembered whom nobody may write to"
            raise Rejected(told, "no-secrets")
        names = {_marks(self._keys, "patient", record.patient_id)[0]: "patient"}
        names |= {_marks(self._keys, _kind(channel), address)[0]: "contact" for channel, address in points}
        for name, what in sorted(names.items()):
            said = Mark("patient" if what == "patient" else "contact", mark.at, mark.by)
            await self._documents.put(MARKS, name, _encode(said), None)
        self._until = float("-inf")
        return len(names)

    async def lift(self, channel: str, address: str) -> bool:
        """Let a contact point be written to again, as somebody else has it now; whether it was marked."""
        found = False
        for name in _marks(self._keys, _kind(channel), address):
            found = found or await self._documents.get(MARKS, name) is not None
            await self._documents.delete(MARKS, name)
        self._until = float("-inf")
        return found

    async def every(self) -> list[Mark]:
        """Return what is said of all marks, in no order that means anything."""
        return [_decode(body) async for _, body in self._documents.all(MARKS)]


def _kind(channel: str) -> str:
    return _KINDS.get(channel, channel)


def _marks(keys: Keys, kind: str, what: str) -> list[str]:
    """Return the mark by each secret: the first one makes them, older ones find what they made."""
    said = f"erased\x1f{kind}\x1f{what}".encode()
    return [hmac.new(secret, said, "sha256").hexdigest() for secret in keys.secrets]

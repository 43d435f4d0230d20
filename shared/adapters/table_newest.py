"""The newest of a patient, kept in the head row: what staff see first comes with the record.

Each commit adds its lines and messages to what the commit before left, so that nothing more is read or
written for it. Rows of messages and of the timeline are the truth; this is a copy of their newest, and
whatever removes rows removes them here first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from shared.fhir.instants import Instant
from shared.patient.packed import compress, decompress
from shared.patient.record import Decision, TimelineLine
from shared.patient.state import Message
from shared.ports.glance import NEWEST, brief

MOST_BYTES = 16 * 1024
"""Of the property; beyond that fewer are kept: the head row needs its room for the record."""


class Newest(Struct, frozen=True, array_like=True):
    """Lines and messages, latest first."""

    lines: tuple[tuple[int, TimelineLine], ...] = ()
    """Each with the commit that it is of."""
    messages: tuple[Message, ...] = ()
    """Each in its latest state, as `brief` has it."""
    gap: bool = False
    """There may be older lines than these, however few these are."""
    after: Instant = Instant(0)
    """Of messages created until then, some may be missing here."""

    @property
    def has_lines(self) -> bool:
        """Say whether these are the newest lines for certain."""
        return not self.gap or len(self.lines) == NEWEST

    @property
    def has_messages(self) -> bool:
        """Say whether these are the newest messages for certain."""
        return not self.after or (len(self.messages) == NEWEST and self.messages[-1].created > self.after)

    def without_messages(self, gone: Collection[str]) -> Newest:
        """Return what is left when messages are dropped; others may have to take their places."""
        left = tuple(each for each in self.messages if each.message_id not in gone)
        if len(left) == len(self.messages):
            return self
        full = len(self.messages) == NEWEST
        return replace(self, messages=left, after=self.messages[0].created if full else self.after)

    def without_lines(self, upto: int) -> Newest:
        """Return what is left when the lines of commits up to one are dropped."""
        return replace(self, lines=tuple(each for each in self.lines if each[0] > upto))


class _Held(Struct, frozen=True, array_like=True):
    """The same as it lies in the row: who adds to it has no need of what the older ones say."""

    lines: tuple[Raw, ...] = ()
    messages: tuple[Raw, ...] = ()
    gap: bool = False
    after: Instant = Instant(0)


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Newest)
_held = msgspec.msgpack.Decoder(_Held)
_BEFORE = Message.__struct_fields__[1 : Message.__struct_fields__.index("created")]
_Place = msgspec.defstruct(
    "_Place", [("message_id", str), *((name, Raw) for name in _BEFORE), ("created", Instant)], array_like=True
)
"""Of a message its id and when it was created, by which it has its place; what is between is passed over."""
_place: Callable[[Raw], Any] = msgspec.msgpack.Decoder(_Place).decode


def unpack_newest(packed: bytes) -> Newest:
    """Read what a commit left; of nothing, that everything may be missing. Raises ValueError."""
    if not packed:
        return Newest(gap=True, after=Instant(2**62))
    return _decoder.decode(decompress(packed))


def packed_newest(newest: Newest | _Held) -> bytes:
    """Write it; what would be too large loses its older half."""
    packed = compress(_encode(newest))
    while len(packed) > MOST_BYTES:
        lines, messages = newest.lines, newest.messages
        newest = replace(newest, lines=lines[: len(lines) // 2], messages=messages[: len(messages) // 2])
        packed = compress(_encode(newest))
    return packed


def with_commit(held: bytes, decision: Decision, sequence: int) -> bytes:
    """Return what a commit leaves, by what the one before left; b"" as long as nothing certain is known.

    `sequence` is the commit's; the first one knows that nothing came before.
    """
    if not held and sequence > 1:
        return _begun(decision, sequence)
    if held and not (decision.timeline or decision.messages):
        return held
    newest = _held.decode(decompress(held)) if held else _Held()
    return packed_newest(_with(newest, decision, sequence))


def _begun(decision: Decision, sequence: int) -> bytes:
    """Begin in the middle, as a release before this one kept none: a line says when that is."""
    if not decision.timeline:
        return b""
    now = max(line.at for line in decision.timeline)
    return packed_newest(_with(_Held(gap=True, after=now), decision, sequence))


def _with(newest: _Held, decision: Decision, sequence: int) -> _Held:
    lines = (Raw(_encode((sequence, line))) for line in reversed(decision.timeline))
    messages = list(newest.messages)
    for message in decision.messages:
        _put(messages, message)
    return replace(newest, lines=(*lines, *newest.lines)[:NEWEST], messages=tuple(messages[:NEWEST]))


def _put(held: list[Raw], message: Message) -> None:
    """Put a message into its place, or into that of what it was: when it was created never changes."""
    mine, packed = (message.created, message.message_id), Raw(_encode(brief(message)))
    for at, other in enumerate(held):
        known = _place(other)
        if known.message_id == message.message_id:
            held[at] = packed
            return
        if (known.created, known.message_id) < mine:
            held.insert(at, packed)
            return
    held.append(packed)

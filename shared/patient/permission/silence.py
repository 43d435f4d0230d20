"""Silences: the spans of time in which a patient must not be written to by a channel, as far as is known now.

Consents begin and end, so the answer changes with no new data; segments and their columns must know when.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from shared.fhir.instants import Instant
from shared.patient.messages import CHANNEL_WORDS
from shared.patient.permission.ask import Ask
from shared.patient.permission.verdict import why_not
from shared.patient.record import PatientRecord

_BEFORE_ALL = Instant(-(2**63))


class Silence(Struct, frozen=True):
    """No message about care by this channel from `start` to `end`, both included; None is for ever."""

    channel: str
    start: Instant | None = None
    end: Instant | None = None

    def holds(self, now: Instant) -> bool:
        """Say whether it is now."""
        return (self.start is None or self.start <= now) and (self.end is None or now <= self.end)


def silences(record: PatientRecord) -> tuple[Silence, ...]:
    """Return in which spans the patient must not be written to about care, each channel's in their order."""
    if not record.opt_outs and not record.facts.of("Consent"):
        return ()
    starts = (_BEFORE_ALL, *sorted(set(_turns(record))))
    return tuple(span for channel in CHANNEL_WORDS for span in _of_channel(record, channel, starts))


def silent(record: PatientRecord, channel: str, now: Instant) -> bool:
    """Say whether the patient must not be written to about care by a channel now."""
    return bool(why_not(record, Ask(channel), now))


def _turns(record: PatientRecord) -> Iterator[Instant]:
    for consent in record.facts.of("Consent").values():
        if consent.start is not None:
            yield consent.start
        if consent.end is not None:
            yield Instant(consent.end + 1)


def _of_channel(record: PatientRecord, channel: str, starts: tuple[Instant, ...]) -> Iterator[Silence]:
    begun: Instant | None = None
    for start in starts:
        forbidden = silent(record, channel, start)
        if forbidden and begun is None:
            begun = start
        elif not forbidden and begun is not None:
            yield _span(channel, begun, Instant(start - 1))
            begun = None
    if begun is not None:
        yield _span(channel, begun, None)


def _span(channel: str, start: Instant, end: Instant | None) -> Silence:
    return Silence(channel, None if start == _BEFORE_ALL else start, end)

"""A patient at a glance: the port by which staff see the newest of somebody at once, and read on."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from shared.patient.record import PatientRecord, TimelineLine
from shared.patient.state import Message

NEWEST = 20
"""How many lines of the timeline, and how many messages, come with the record."""


class Glance(Struct, frozen=True):
    """What staff see first."""

    record: PatientRecord
    etag: str = ""
    """Empty when the patient has no record."""
    lines: tuple[TimelineLine, ...] = ()
    """The newest, latest first; at most NEWEST, fewer where they are large."""
    messages: tuple[Message, ...] = ()
    """Those created last, latest first, each as `brief` has it; at most NEWEST."""


class PlacedLine(Struct, frozen=True):
    """A line of the timeline, and where it stands."""

    line: TimelineLine
    place: str
    """Opaque: to read on from, whatever is appended meanwhile."""


class Glances(Protocol):
    """What of a patient is read newest first."""

    async def glance(self, key: str) -> Glance:
        """Read a record with its newest lines and messages: one round trip, however much there is.

        Of records that a release before this one committed last, and of those of several rows, a few more.
        """
        ...

    async def lines_before(self, key: str, place: str = "", limit: int = 100) -> tuple[PlacedLine, ...]:
        """Return the first `limit` lines before a place, latest first; fewer: all. "" is the end."""
        ...


def brief(message: Message) -> Message:
    """Return a message without its words, where it went, and each try: what a list shows of it."""
    return Message(
        message_id=message.message_id,
        enrolment_id=message.enrolment_id,
        sequence=message.sequence,
        step=message.step,
        journey=message.journey,
        template=message.template,
        channel=message.channel,
        to="",
        language=message.language,
        status=message.status,
        created=message.created,
        due=message.due,
        status_reason=message.status_reason,
        first_sent=message.first_sent,
        delivery=message.delivery,
        delivery_at=message.delivery_at,
        purpose=message.purpose,
        topic=message.topic,
        party=message.party,
        code=message.code,
    )


def place_of_line(sequence: int, index: int) -> str:
    """Return the place of a commit's line: places sort as lines do."""
    return f"{sequence:010d}.{index:04d}"

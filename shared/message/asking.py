"""Asking: a reply that answers several questions alike, and how the patient is asked which one is meant.

Between shared.usecases.inbound, which finds the questions, and the answer that one of them then hears.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import tzinfo

from msgspec import Struct

from shared.events import InboundReceived
from shared.fhir.instants import HOUR, Instant, to_datetime
from shared.fhir.wording import spread
from shared.message.contact import normalise
from shared.message.handled import Handled, ReplyIntent
from shared.message.locales import clock_time, short_day
from shared.message.policy import Policy
from shared.patient.messages import by
from shared.patient.record import PatientRecord, TimelineLine

PATIENCE = 24 * HOUR
"""How long a choice is waited for."""

MOST_ASKED = 2
"""How often somebody is asked which question they answer, before staff are."""

_VISIT = {
    "en": "visit on {day} at {time}",
    "es": "cita del {day} ({time})",
    "de": "Termin am {day}, {time}",
}
_QUESTION = {
    "en": "our question of {day} at {time}",
    "es": "nuestra pregunta del {day} ({time})",
    "de": "unsere Frage vom {day}, {time}",
}


class Offer(Struct, frozen=True):
    """One question that a reply may be the answer to."""

    key: str
    """Whose it is: opaque key of the patient."""
    enrolment_id: str
    given: str
    """The patient's given name, or ""."""
    asked_at: Instant
    start: Instant | None = None
    """When the appointment begins that it is about."""


class Asking(Struct, frozen=True):
    """A reply that waits until its sender has said what it answers; kept for PATIENCE."""

    reply: InboundReceived
    offers: tuple[Offer, ...]
    expires: Instant
    asked: tuple[str, ...]
    """Ids of the replies after which they were asked: the answer itself, and what was no choice."""
    chosen_by: str = ""
    """Id of the reply that settled it."""
    chosen: str = ""
    """Id of the enrolment that it is for, "-" for none of them."""


def choices(offers: Sequence[Offer], zone: tzinfo) -> dict[str, str]:
    """Return what to choose from, as values of the message that asks: "1 Maria: visit on Tue, Mar 3…; 2…"."""
    wording = {language: _listed(offers, language, zone) for language in _VISIT}
    return spread("choices", {"": wording["en"], **wording})


def _listed(offers: Sequence[Offer], language: str, zone: tzinfo) -> str:
    several = len({offer.key for offer in offers}) > 1
    said = (f"{n} {_said(offer, language, zone, named=several)}" for n, offer in enumerate(offers, 1))
    return "; ".join(said)


def _said(offer: Offer, language: str, zone: tzinfo, *, named: bool) -> str:
    """Say nothing clinical: whoever holds the phone reads it."""
    at = to_datetime(offer.start if offer.start is not None else offer.asked_at, zone)
    words = (_VISIT if offer.start is not None else _QUESTION)[language]
    what = words.format(day=short_day(at.date(), language), time=clock_time(at.time(), language))
    return f"{offer.given}: {what}" if named and offer.given else what


def choose(text: str, number: float | None, offers: Sequence[Offer]) -> Offer | None:
    """Return the one that a reply chooses, by its number or by a given name that only one of them has."""
    if number is not None and number.is_integer() and 1 <= number <= len(offers):
        return offers[int(number) - 1]
    said = [word for word in _words(text) if word not in _FILLERS]
    named = [offer for offer in offers if offer.given and _words(offer.given) == said]
    return named[0] if len(named) == 1 else None


_FILLERS = frozenset(
    {
        *(
            "for",
            "it",
            "is",
            "its",
            "s",
            "the",
            "one",
            "please",
            "para",
            "es",
            "la",
            "el",
            "de",
            "por",
            "favor",
        ),
        *("fur", "ist", "das", "bitte", "thanks", "gracias", "danke"),
    }
)
"""What may stand beside a name that chooses; with any other word it says something else."""


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(each for each in decomposed if not unicodedata.combining(each)))


def ask_which(record: PatientRecord, inbound: InboundReceived, policy: Policy, now: Instant) -> Handled:
    """Ask the sender which question the reply answers; the reply itself is heard once that is known."""
    text = f"Replied by {by(inbound.channel)} to several questions at once: asked which one is meant"
    to = normalise(inbound.channel, inbound.sender, policy.region) or inbound.sender
    reply = ReplyIntent("which", inbound.channel, to, inbound.inbound_id, values=inbound.choices)
    line = TimelineLine(now, "inbound", text, (inbound.inbound_id,))
    return Handled(record, (line,), replies=(reply,))

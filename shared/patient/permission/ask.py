"""Ask: the question of consent, and which choices speak to it; asked by segments, journeys and messages."""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.choice import ANY, Choice
from shared.patient.messages import by

STRANGER = "-"
"""The party of whoever answers at a contact point that is not the patient's: nobody that we know."""

PENDING = "pending"
"""The source of a yes that has still to be confirmed: it permits nothing yet."""


class Ask(Struct, frozen=True):
    """Whether somebody may be written to: by which channel, about what, where."""

    channel: str
    purpose: str = "care"
    topic: str = ""
    address: str = ""
    """Contact point; "" asks of the person, whichever it will be."""
    party: str = ""
    """ "RelatedPerson/1", or "" for the patient."""


def speaks_to(choice: Choice, ask: Ask) -> bool:
    """Say whether a choice is about such messages at all, whoever made it and for whichever contact point."""
    return (
        choice.channel in (ask.channel, ANY)
        and choice.purpose in (ask.purpose, ANY)
        and choice.topic in (ask.topic, ANY)
    )


def refuses(no: Choice, ask: Ask) -> bool:
    """Say whether an opt-out is a no to this.

    Of who said it, it holds for the whole channel, whichever of their contact points it came from; and for
    that contact point it holds whoever may be reached there.
    """
    if not speaks_to(no, ask):
        return False
    return no.party == ask.party or (is_point(no.address) and no.address == ask.address)


def covers(wide: Choice, narrow: Choice) -> bool:
    """Say whether all that `narrow` is about is part of what `wide` is about."""
    return (
        wide.channel in (narrow.channel, ANY)
        and wide.purpose in (narrow.purpose, ANY)
        and wide.topic in (narrow.topic, ANY)
    )


def same_speaker(one: Choice, other: Choice) -> bool:
    """Say whether both were said by the same person, or of the same contact point."""
    return one.party == other.party or (is_point(one.address) and one.address == other.address)


def lifts(yes: Choice, no: Choice) -> bool:
    """Say whether a later yes is an exception to this no, or its end.

    A general yes leaves a no to something more particular as it is: START after STOP does not bring back the
    marketing that was unticked on a page. Of one instant the one that we heard last is the later.
    """
    return (
        yes.since >= no.since
        and yes.source != PENDING
        and same_speaker(yes, no)
        and covers(wide=no, narrow=yes)
    )


def is_point(address: str) -> bool:
    """Say whether this names one contact point."""
    return address not in ("", ANY)


def about(choice: Choice) -> str:
    """Return what a choice is about, as staff read it."""
    way = "every channel" if choice.channel == ANY else by(choice.channel)
    if choice.topic != ANY:
        return f"messages about {choice.topic} by {way}"
    if choice.purpose != ANY:
        return f"{choice.purpose} by {way}"
    return "every message" if choice.channel == ANY else way

"""Choice: what somebody said of being written to, about what and by which way; "*" is any of them.

The shape of an opt-out and of an opt-in alike (FHIR Consent.provision); shared.message.consent says what
they mean together.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from shared.fhir.instants import Instant

type Purpose = Literal["care", "operations", "marketing", "research"]

PURPOSES: tuple[Purpose, ...] = ("care", "operations", "research", "marketing")
"""What messages are for, what matters most first."""

ANY = "*"


class Choice(Struct, frozen=True, array_like=True):
    """One thing that was said: by which channel and contact point, since when, for what."""

    channel: str
    address: str
    """Contact point that it was said of, normalised; "" or "*" is whichever."""
    since: Instant
    source: str = ""
    """How we know: "reply", "page", "one-click", "staff", "provider", "bounce", "merge"."""
    purpose: str = ANY
    topic: str = ANY
    """See `topic` of a template."""
    party: str = ""
    """Who said it: "RelatedPerson/1", or "" for the patient."""
    wording: str = ""
    """What was said, or what was agreed to, word for word."""
    evidence: str = ""
    """Where that can be seen: id of the reply, or of the page's version."""

    @property
    def pattern(self) -> tuple[str, str, str, str, str]:
        """Return what it is about: a later choice about the same takes its place."""
        return self.party, self.purpose, self.topic, self.channel, self.address

"""What a decision asks the shell to do: the closed vocabulary that shared.usecases.drain carries out.

Index effects stand in the record's outbox until they are done; all of them can be repeated safely.
"""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.instants import Instant


class IndexMember(Struct, frozen=True, tag=True):
    """Make the segment's member list say that this patient is in it (or no longer is)."""

    segment: str
    member: bool
    since: Instant
    order: int
    """How many commits came before: a row that a later commit wrote is left as it is."""

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does: a later one on the same row replaces it."""
        return f"member|{self.segment}"


class IndexReference(Struct, frozen=True, tag=True):
    """Remember that this patient's record embeds a shared resource ("Location/1"), to hear its changes."""

    reference: str

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does."""
        return f"reference|{self.reference}"


class IndexContact(Struct, frozen=True, tag=True):
    """Remember that replies from this contact point belong to this patient."""

    channel: str
    address: str

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does."""
        return f"contact|{self.channel}|{self.address}"


class IndexMessage(Struct, frozen=True, tag=True):
    """Remember whose message this is, for a report that brings only the provider's id for it."""

    message_id: str

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does."""
        return f"message|{self.message_id}"


type IndexEffect = IndexMember | IndexReference | IndexContact | IndexMessage


class SendMessage(Struct, frozen=True, tag=True):
    """Hand a claimed message to its channel: never kept in the outbox, the claim itself stands for it."""

    message_id: str
    channel: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    language: str = ""
    first_sent: Instant = Instant(0)


type Effect = IndexEffect | SendMessage

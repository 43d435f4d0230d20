"""What a decision asks the shell to do: the closed vocabulary that shared.usecases.drain carries out.

Outbox effects stand in the record until they are done; all of them can be repeated safely.
"""

from __future__ import annotations

from typing import Literal

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


class Need(Struct, frozen=True):
    """Why somebody should look at a message: its row among those that need somebody."""

    state: str
    """One of NEEDS in shared.message.needing; "" where nobody needs to look at it any more."""
    created: Instant
    """When the message was made: its place in the list, which nothing changes."""
    since: Instant
    """When it came to need somebody."""
    order: int
    """How many commits came before: a row that a later commit wrote is left as it is."""
    channel: str = ""
    journey: str = ""
    """Canonical "url|version"."""
    template: str = ""
    code: str = ""
    """What kind of failure it is, never a provider's own words."""


class IndexMessage(Struct, frozen=True, tag=True):
    """Remember whose message this is, for a report that brings only the provider's id for it.

    With a `need`, list it among the messages that need somebody, or no longer. It is no effect of its own, so
    that instances of before can read a record in whose outbox it stands.
    """

    message_id: str
    need: Need | None = None

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does: a later need of the same message replaces it."""
        return f"message|{self.message_id}" if self.need is None else f"need|{self.message_id}"


class IndexLink(Struct, frozen=True, tag=True):
    """Remember what a link in a message leads to; the link itself says nothing of whom it is for."""

    token: str
    """Opaque, made by shared.message.links."""
    kind: Literal["click", "preferences", "unsubscribe", "survey"]
    message_id: str = ""
    target: str = ""
    """Of a click where it leads; of a survey the enrolment and step that ask ("ENROLMENT|step")."""
    party: str = ""
    """For whom it is: "RelatedPerson/1", or "" for the patient."""
    channel: str = ""
    """The channel it was sent by, which an unsubscribe link ends."""
    purpose: str = ""
    language: str = ""
    expires: Instant | None = None

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does."""
        return f"link|{self.token}"


class IndexEnrolment(Struct, frozen=True, tag=True):
    """Make the journey's roster say how an enrolment stands: who is inside, what came of the others."""

    enrolment_id: str
    journey: str
    """Canonical "url|version"."""
    status: Literal["active", "on-hold", "completed", "revoked"]
    entered: Instant
    order: int
    """How many commits came before: a row that a later commit wrote is left as it is."""
    ended: Instant | None = None
    goal: bool = False
    """It ended because its goal was reached."""
    results: dict[str, str] = {}
    """See Enrolment.results: ways of splits, cases of waits, the campaign's run under "@campaign"."""
    step: str = ""

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does: a later one on the same row replaces it."""
        return f"enrolment|{self.enrolment_id}"


class AskEntry(Struct, frozen=True, tag=True):
    """Put an enrolment into the queue before a journey that lets in only so many at a time."""

    journey: str
    """Its url: all versions share one queue."""
    enrolment_id: str
    asked: Instant

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does."""
        return f"entry|{self.enrolment_id}"


class WriteResource(Struct, frozen=True, tag=True):
    """Write a resource to the FHIR server, under an id of our own choice: writing again changes nothing."""

    write_id: str
    """Its id: uuid5 of the enrolment and the step's sequence."""
    resource_type: str
    body: bytes
    """JSON."""
    enrolment_id: str
    step: str
    overwrite: bool = False
    """Ours alone: written over whatever we wrote before, as with the Communication of a message."""

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does: a later one on the same resource replaces it."""
        return f"write|{self.resource_type}/{self.write_id}"


class AnswerAppointment(Struct, frozen=True, tag=True):
    """Write the patient's answer into an appointment, if it is still the one that was asked about."""

    appointment: str
    """ "Appointment/1"."""
    action: Literal["confirm", "cancel", "reschedule"]
    start: Instant
    """When it began as the patient was asked: of one that has moved since nothing is answered."""
    patient: str
    """ "Patient/1": whose participation it is."""
    enrolment_id: str
    step: str
    asked: Instant = Instant(0)

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does: a later answer replaces it."""
        return f"answer|{self.appointment}"


class MirrorOptOut(Struct, frozen=True, tag=True):
    """Let the provider's own opt-out list say what ours says of a number."""

    address: str
    action: Literal["add", "remove"]
    asked: Instant = Instant(0)
    enrolment_id: str = ""
    step: str = ""

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does: a later one on the same number replaces it."""
        return f"mirror|{self.address}"


class PostWebhook(Struct, frozen=True, tag=True):
    """Call a webhook; its receiver gets the same id on every try."""

    post_id: str
    to: str
    """Name of a webhook in the settings: definitions hold no addresses and no secrets."""
    body: bytes
    """JSON: shared.journey.resources.posts."""
    enrolment_id: str
    step: str
    asked: Instant = Instant(0)
    """When it was asked for; instances of before count from here until they give up."""
    away: Instant | None = None
    """Since when tries are in vain; None before the first, and while it is held back on purpose."""

    @property
    def effect_id(self) -> str:
        """Name the effect by what it does."""
        return f"post|{self.post_id}"


type IndexEffect = (
    IndexMember | IndexReference | IndexContact | IndexMessage | IndexLink | IndexEnrolment | AskEntry
)
"""Rows of projections outside the patient's boundary."""

type OutsideEffect = WriteResource | PostWebhook | AnswerAppointment | MirrorOptOut
"""What journeys ask for beyond our own storage: it may be refused for good."""

type OutboxEffect = IndexEffect | OutsideEffect
"""What stands in the outbox until it is done."""


class Attachment(Struct, frozen=True, array_like=True):
    """A file that goes with an email."""

    name: str
    media_type: str
    content: bytes


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
    attachments: tuple[Attachment, ...] = ()
    headers: dict[str, str] = {}
    """Of an email: List-Unsubscribe and such."""
    approved: str = ""
    """Name of the approved WhatsApp template to send in place of free text."""
    parameters: tuple[str, ...] = ()
    """What goes into its places."""
    purpose: str = ""


type Effect = OutboxEffect | SendMessage

"""What can happen to a patient: the closed vocabulary that shared.decide understands."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from shared.effects import OutboxEffect, OutsideEffect, PostWebhook
from shared.fhir.choice import Choice
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant


class ResourceChanged(Struct, frozen=True, tag=True):
    """A version of a resource of this patient, projected; `gone` inside it says that it was deleted."""

    content: Fact | Person


class CompartmentRead(Struct, frozen=True, tag=True):
    """Many resources of this patient at once: what is between them never was, so they count together."""

    contents: tuple[Fact | Person, ...]


class RecordReread(Struct, frozen=True, tag=True):
    """Resources read again, as published segments ask more of them: known before time passes."""

    contents: tuple[Fact | Person, ...]


class WakeupDue(Struct, frozen=True, tag=True):
    """An instant that the record asked to be woken at has come."""

    due: Instant


class DefinitionsPublished(Struct, frozen=True, tag=True):
    """The catalogue changed: look at this patient afresh (a population run asks this of everyone)."""

    stamp: bool = True
    """Whether to write down that the patient was looked at even if nothing came of it."""


class MembershipsDoubted(Struct, frozen=True, tag=True):
    """An audit found that these memberships or their rows in the member lists are wrong: set them right."""

    segments: tuple[str, ...]
    """By url."""


class Carried(Struct, frozen=True):
    """A message of another patient that goes within one to the same contact point."""

    message: str
    """ "KEY/MESSAGE-ID"."""
    given: str
    """The given name of its patient."""


class SendDue(Struct, frozen=True, tag=True):
    """A message is about to be handed to its channel: run the guard, and claim it or say why not."""

    message_id: str
    trigger: str
    """Who claims: the id of the queue message in hand, the same when that is delivered again."""
    carries: tuple[Carried, ...] = ()
    """Messages of others to the same contact point that go within this one."""
    trace: str = ""
    """W3C traceparent of what claims it: with the message's report that trace goes on."""


class SendSettled(Struct, frozen=True, tag=True):
    """What the channel answered for a claimed message."""

    message_id: str
    outcome: Literal["accepted", "refused", "deferred", "unknown"]
    provider_id: str = ""
    reason: str = ""
    code: str = ""
    """Of a refusal: one of FAILURES in shared.message.failures, or another stable word."""
    retry_after: float | None = None
    """Seconds, where the provider named them."""
    held: bool = False
    """Of a deferral: no call was made, as the provider had asked for fewer messages; it was no try."""


class ClaimsAbandoned(Struct, frozen=True, tag=True):
    """A trigger came back: whatever it had claimed before has an unknown outcome now."""

    trigger: str


class DeliveryReported(Struct, frozen=True, tag=True):
    """The channel's later word on a message."""

    message_id: str
    status: Literal["delivered", "failed", "opened", "clicked", "complained"]
    at: Instant
    reason: str = ""
    code: str = ""
    """Of a failure: see SendSettled.code."""


class InboundReceived(Struct, frozen=True, tag=True):
    """The patient wrote to us."""

    inbound_id: str
    channel: str
    sender: str
    """The contact point it came from, as the provider gives it."""
    text: str
    at: Instant
    answering: bool = True
    """This record writes back: of several that share a number, one does."""
    about: str = ""
    """Id of the enrolment whose question it answers, where that is settled; "-" for none of them."""
    meaning: str = ""
    """What it says, as shared.message.understanding names it; "" where nobody has looked."""
    number: float | None = None
    """The number that it gives."""
    choices: dict[str, str] = {}
    """It answers several questions alike: what to offer, as `values` of a message that asks which."""


class ConsentChosen(Struct, frozen=True, tag=True):
    """Somebody said, on a page or to staff, by what they may be written to and about what."""

    chosen_id: str
    """The same never counts twice."""
    permits: tuple[Choice, ...] = ()
    denials: tuple[Choice, ...] = ()


class BundleAsked(Struct, frozen=True, tag=True):
    """Another patient's message to the same contact point is about to go, and can carry this one."""

    message_id: str
    carrier: str
    """ "KEY/MESSAGE-ID" of the message that is to carry it."""
    trigger: str
    trace: str = ""


class SurveyAnswered(Struct, frozen=True, tag=True):
    """A survey was filled in on its page."""

    answered_id: str
    enrolment_id: str
    step: str
    answers: dict[str, str]
    """By linkId: the code of the option, or what was written."""
    at: Instant
    party: str = ""
    """Who filled it in: "RelatedPerson/1", or "" for the patient."""


class PersonErased(Struct, frozen=True, tag=True):
    """The person is to be forgotten: nothing is kept but that nobody may write to them again."""

    by: str
    """Who asked for it, as an opaque id."""
    finished: bool = False
    """What stands outside the record is gone, so that nothing is needed any more by which it was found."""


class EngagementAged(Struct, frozen=True, tag=True):
    """What became of messages before this instant is no longer kept."""

    before: Instant


class OutcomeSaid(Struct, frozen=True, tag=True):
    """Staff have found out what became of a message of which that was not known."""

    message_id: str
    sent: bool
    by: str
    """Who, as an opaque id."""
    reason: str


class PointUsable(Struct, frozen=True, tag=True):
    """Staff say that a contact point works which was taken not to."""

    channel: str
    address: str
    by: str


class CustomEventReceived(Struct, frozen=True, tag=True):
    """Something happened that no FHIR resource tells: another system, or a person, said so by the API."""

    event_id: str
    """The sender's own id for it: the same never counts twice."""
    name: str
    at: Instant


class EnrolAsked(Struct, frozen=True, tag=True):
    """Somebody, a campaign or another system wants the patient in a journey."""

    journey: str
    """Its url; the latest version is entered."""
    cause: str
    """What for: the same never enters twice."""
    why: str
    focus: str = ""
    not_before: Instant | None = None
    """Enter and wait until then."""
    local_at: str = ""
    """The same as a wall clock in the patient's zone, "2026-03-01T10:00"."""
    results: dict[str, str] = {}
    """See Enrolment.results; a campaign gives its run as "@campaign"."""


class EntryGranted(Struct, frozen=True, tag=True):
    """An enrolment that waited before its journey may go in."""

    enrolment_id: str


class EnrolmentAsked(Struct, frozen=True, tag=True):
    """Staff want something done with one enrolment."""

    enrolment_id: str
    action: Literal["pause", "resume", "stop", "retry", "move"]
    by: str
    """Who, as an opaque id."""
    reason: str = ""
    step: str = ""
    """For "move": where to."""
    asked_id: str = ""
    """The same is done once; "" where whoever asks sees to that."""


class MigrationAsked(Struct, frozen=True, tag=True):
    """Staff want an enrolment to go on in another version of its journey."""

    enrolment_id: str
    of: str
    """Canonical "url|version" of the version it must be in still: who has moved on is left alone."""
    to: str
    """Canonical of the version to go on in."""
    by: str
    """Who, as an opaque id."""
    reason: str
    steps: dict[str, str] = {}
    """Where those go who stand at a step that has another name there, old to new."""


class EffectRefused(Struct, frozen=True, tag=True):
    """What an effect asked for was refused for good: it leaves the outbox, and staff are told."""

    effect: OutsideEffect
    reason: str


class PostDelayed(Struct, frozen=True, tag=True):
    """A webhook could not be called for the first time, or is held back although it was tried before."""

    effect: PostWebhook
    held: bool


class EffectsDone(Struct, frozen=True, tag=True):
    """These effects of the outbox have been carried out."""

    done: tuple[OutboxEffect, ...]


class RecordMerged(Struct, frozen=True, tag=True):
    """Another record of the same person was merged into this one (Patient.link replaced-by)."""

    patient_id: str
    """Of the record that was merged away."""
    opt_outs: tuple[tuple[str, str, Instant], ...]
    """What the person had said stop to: channel, address, since. It holds for the person, not the record."""
    choices: tuple[Choice, ...] = ()
    """The same whole: about which purpose and topic, and who said it; none is a stop to everything."""
    exceptions: tuple[Choice, ...] = ()
    """What they said yes to in spite of it."""


class SendPostponed(Struct, frozen=True, tag=True):
    """The guard could not look: the message is tried again at `until`, unclaimed."""

    message_id: str
    until: Instant
    reason: str


type Event = (
    ResourceChanged
    | CompartmentRead
    | RecordReread
    | WakeupDue
    | DefinitionsPublished
    | MembershipsDoubted
    | SendDue
    | SendSettled
    | ClaimsAbandoned
    | DeliveryReported
    | InboundReceived
    | ConsentChosen
    | BundleAsked
    | SurveyAnswered
    | PersonErased
    | OutcomeSaid
    | PointUsable
    | EngagementAged
    | CustomEventReceived
    | EnrolAsked
    | EntryGranted
    | EnrolmentAsked
    | MigrationAsked
    | EffectRefused
    | PostDelayed
    | EffectsDone
    | RecordMerged
    | SendPostponed
)

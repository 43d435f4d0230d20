"""What stands in queue messages: small JSON documents, told apart by their `type`.

No patient data beyond resource ids, except a pushed body, in transit, from a source that proved itself.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.errors import Rejected
from shared.fhir.choice import Choice
from shared.fhir.instants import Instant
from shared.fhir.notification import Recover
from shared.fhir.whose import patient_of
from shared.patient.record import patient_key


class Change(Struct, frozen=True, tag="change"):
    """One resource changed: read it (or take the trusted body), find its patients, let each react."""

    resource_type: str
    resource_id: str
    version: str = ""
    action: Literal["created", "updated", "deleted", "unknown"] = "unknown"
    at: Instant | None = None
    resource: dict[str, Any] | None = None
    key: str = ""
    """Opaque key of the one patient meant, for a shared resource fanned out to those who embed it."""
    session: str = ""
    """Whose turn it is, once that is known: the key of a patient whom too many wrote to at once."""


class Changes(Struct, frozen=True, tag="changes"):
    """Several changes in one message."""

    changes: tuple[Change, ...]


class Wake(Struct, frozen=True, tag="wake"):
    """A patient's instant has come."""

    key: str
    due: Instant


class WakeMany(Struct, frozen=True, tag="wake-many"):
    """The instants of several patients have come: one message for them all."""

    wakes: tuple[Wake, ...]


class Refresh(Struct, frozen=True, tag="refresh"):
    """Look at a patient afresh: after a publication, or because the sweep found work left."""

    key: str
    catalogue: str = ""
    """Version of the catalogue to look with, or a newer one."""


class Report(Struct, frozen=True, tag="report"):
    """A delivery or engagement report of a message."""

    message_id: str
    key: str
    """Whose message it is, or "" to look it up."""
    status: Literal["delivered", "failed", "opened", "clicked", "complained"]
    at: Instant
    reason: str = ""
    code: str = ""
    """Of a failure: one of FAILURES in shared.message.failures, or another stable word."""
    theirs: bool = False
    """`message_id` is the provider's own id, as of WhatsApp."""


class Inbound(Struct, frozen=True, tag="inbound"):
    """Somebody wrote to us."""

    inbound_id: str
    channel: str
    sender: str
    text: str
    at: Instant


class Recovery(Struct, frozen=True, tag="recovery"):
    """Something was missed at a source: look for it."""

    source: str
    recover: Recover


class Audit(Struct, frozen=True, tag="audit"):
    """Look whether the next patients of an audit's shard agree with all that is said of them elsewhere."""

    run: str
    shard: int
    cursor: str = ""
    """How far the shard is: what was looked at before is not looked at again."""


class Populate(Struct, frozen=True, tag="populate"):
    """Look at the patients of one shard, as this version of the catalogue was published."""

    version: str
    shard: int
    turn: int = 0
    """How often the shard was handed on from one message to the next."""


class Grant(Struct, frozen=True, tag="grant"):
    """Let an enrolment in that waited before its journey."""

    key: str
    enrolment_id: str


class EnrolFor(Struct, frozen=True, tag="enrol-for"):
    """Bring a patient into the journey of a campaign, for one of its runs."""

    run: str
    """Id of the run."""
    key: str
    again: bool = False
    """Perhaps not for the first time: a crash came between."""


class Recall(Struct, frozen=True, tag="recall"):
    """Stop, pause or resume one enrolment that a campaign's run brought about."""

    run: str
    key: str
    enrolment_id: str
    action: Literal["stop", "pause", "resume"]


class Happened(Struct, frozen=True, tag="happened"):
    """Another system, or a person, says that something happened to a patient."""

    event_id: str
    name: str
    patient_id: str
    at: Instant


class Chosen(Struct, frozen=True, tag="chosen"):
    """What somebody chose on a page: what they may be written to about, and by which way."""

    chosen_id: str
    key: str
    permits: tuple[Choice, ...] = ()
    denials: tuple[Choice, ...] = ()


class Surveyed(Struct, frozen=True, tag="surveyed"):
    """A survey was filled in on its page; its answers are in transit here, like the words of a reply."""

    answered_id: str
    key: str
    enrolment_id: str
    step: str
    answers: dict[str, str]
    at: Instant
    party: str = ""


class Operate(Struct, frozen=True, tag="operate"):
    """Go on with long work that somebody started by the admin API."""

    operation: str


type Job = (
    Change
    | Changes
    | Wake
    | WakeMany
    | Refresh
    | Report
    | Inbound
    | Recovery
    | Audit
    | Populate
    | Grant
    | EnrolFor
    | Recall
    | Happened
    | Chosen
    | Surveyed
    | Operate
)


class Envelope(Struct, frozen=True, omit_defaults=True, rename=lambda name: f"@{name}"):
    """What goes along with a job, in the same JSON object; code that does not know it passes over it."""

    trace: str = ""
    """W3C traceparent of what put the job on the queue."""
    trigger: str = ""
    """Id of the message that it stood in before it was put off: claims name it."""
    deliveries: int = 0
    """How often it was handed out before it was put off."""


BARE = Envelope()

_decoder: msgspec.json.Decoder[Job] = msgspec.json.Decoder(Job)
_envelopes = msgspec.json.Decoder(Envelope)
_encoder = msgspec.json.Encoder()


def encode_job(job: Job, envelope: Envelope = BARE) -> bytes:
    """Write a job as a queue message's body."""
    body = _encoder.encode(job)
    return body if envelope == BARE else body[:-1] + b"," + _encoder.encode(envelope)[1:]


def envelope_of(body: bytes) -> Envelope:
    """Read what goes along with a job; nothing where the body is no job of ours."""
    try:
        return _envelopes.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return BARE


def session_of(job: Job) -> str:
    """Whose turn a job is: those of one session are carried out one after another, where a queue can.

    The patient, where the job says who that is, if only in a body; for a bare reference the resource, as
    nobody knows more.
    """
    if not isinstance(job, Change):
        return ""
    known = job.key or job.session or _patient_of(job)
    return known or f"{job.resource_type}/{job.resource_id}"


def in_turn_of(job: Job, key: str) -> Job:
    """Return the job as one that waits for its turn among those of a patient."""
    return replace(job, session=key) if isinstance(job, Change) else job


def _patient_of(change: Change) -> str:
    if change.resource is None:
        return ""
    named = change.resource_id if change.resource_type == "Patient" else patient_of(change.resource)
    return patient_key(named) if named else ""


def decode_job(body: bytes) -> Job:
    """Read a queue message's body. Raises Rejected for what is none of ours."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected("the queue message is not a job of ours", "bad-job") from None

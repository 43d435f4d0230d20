"""What of a message that was given up may be shown: what kind of job it is, and ids; nothing that it says.

Pure. An id is an opaque key of ours, a FHIR id or reference, or what another system calls an id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant
from shared.patient.record import patient_key
from shared.ports import PoisonMessage
from shared.usecases.jobs import (
    Audit,
    Change,
    Changes,
    Chosen,
    EnrolFor,
    Grant,
    Happened,
    Inbound,
    Job,
    Operate,
    Populate,
    Recall,
    Recovery,
    Refresh,
    Report,
    Surveyed,
    Wake,
    WakeMany,
    decode_job,
    envelope_of,
)

FIELDS: Mapping[type[Struct], tuple[str, ...]] = {
    Change: ("resource_type", "resource_id", "version", "action", "key"),
    Changes: (),
    Wake: ("key",),
    WakeMany: (),
    Refresh: ("key", "catalogue"),
    Report: ("message_id", "key"),
    Inbound: ("inbound_id", "channel"),
    Recovery: ("source",),
    Audit: ("run", "shard"),
    Populate: ("version", "shard"),
    Grant: ("key", "enrolment_id"),
    EnrolFor: ("run", "key"),
    Recall: ("run", "key", "enrolment_id"),
    Happened: ("event_id", "patient_id"),
    Chosen: ("chosen_id", "key"),
    Surveyed: ("answered_id", "key", "enrolment_id"),
    Operate: ("operation",),
}
"""The fields of each job that are shown; one that is not listed never is."""

STRANGE = "…"
"""Stands for what is no id by its letters: whoever put it there may have meant anything."""

_ID = re.compile(r"[A-Za-z0-9._:|/=-]{1,160}", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}")
_TRACE_ID = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-")
_MOST = 5

type Pairs = tuple[tuple[str, str], ...]


class Shown(Struct, frozen=True):
    """A message that was given up, as people may see it."""

    queue: str
    letter_id: str
    kind: str
    """The job's type; "event" for one of Event Grid's, "unknown" for what is neither."""
    ids: Pairs
    since: Instant
    deliveries: int | None
    """How often it was handed out, before it was put off included; None where the transport does not tell."""
    reason: str
    trace: str
    """Id of its trace: by it the failure is found in the logs."""


def look_at(message: PoisonMessage) -> Shown:
    """Say what may be seen of a message."""
    envelope = envelope_of(message.body)
    trace = _TRACE_ID.match(envelope.trace)
    told = message.deliveries
    kind, ids = _read(message.body)
    return Shown(
        queue=message.queue,
        letter_id=message.letter_id,
        kind=kind,
        ids=ids,
        since=message.since,
        deliveries=None if told is None else told + envelope.deliveries,
        reason=message.reason,
        trace=trace[1] if trace else "",
    )


def patients_in(ids: Pairs) -> tuple[str, ...]:
    """Return the opaque keys of the patients whom ids name: by key, by FHIR id or by reference."""
    kind = dict(ids).get("resource_type", "")
    found = []
    for name, value in ids:
        if name == "key" and _KEY.fullmatch(value):
            found.append(value)
        elif name == "reference" and value.startswith("Patient/"):
            found.append(patient_key(value.removeprefix("Patient/")))
        elif value != STRANGE and (name == "patient_id" or (name == "resource_id" and kind == "Patient")):
            found.append(patient_key(value))
    return tuple(dict.fromkeys(found))


def shown(job: Job) -> Pairs:
    """Return the ids in a job by name, as text; what has none, or more than a few, says how many."""
    return tuple((name, _id(str(value))) for name, value in _pairs(job) if value != "")


def _pairs(job: Job) -> Iterator[tuple[str, object]]:
    for name in FIELDS.get(type(job), ()):
        yield name, getattr(job, name)
    if isinstance(job, Changes):
        yield "changes", len(job.changes)
        for change in job.changes[:_MOST]:
            yield "reference", f"{change.resource_type}/{change.resource_id}"
    if isinstance(job, WakeMany):
        yield "patients", len(job.wakes)
        for wake in job.wakes[:_MOST]:
            yield "key", wake.key


def _read(body: bytes) -> tuple[str, Pairs]:
    try:
        job = decode_job(body)
        return str(job.__struct_config__.tag), shown(job)
    except Rejected:
        return _event(body)


class _GridEvent(Struct):
    """What events of Event Grid have in both of its schemas, as far as it may be seen."""

    id: str
    eventType: str = ""  # noqa: N815  # as Event Grid calls it
    type: str = ""


def _event(body: bytes) -> tuple[str, Pairs]:
    """Read events: of one the subject may be a phone number, so that only its id and kind are shown."""
    try:
        events = msgspec.json.decode(body, type=list[_GridEvent] | _GridEvent)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "unknown", (("bytes", str(len(body))),)
    several = events if isinstance(events, list) else [events]
    pairs = [("events", str(len(several)))]
    for event in several[:_MOST]:
        pairs += [("type", _id(event.eventType or event.type)), ("id", _id(event.id))]
    return "event", tuple(pairs)


def _id(text: str) -> str:
    return text if _ID.fullmatch(text) else STRANGE

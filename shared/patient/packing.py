"""Pack a record into named chunks of bytes and back: what the patient's table entity holds.

One chunk "head" has everything but the facts; facts go by type and order of arrival, CHUNK_FACTS to a
chunk ("Observation_3"), so that a change rewrites one chunk and never moves another fact.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from shared.effects import OutboxEffect
from shared.fhir.choice import Choice
from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.patient.facts import Facts
from shared.patient.packed import EMPTY, HEAD, PackedFacts, compress, decompress
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment, JourneyHistory, Membership, Message, Unusable

FORMAT = 1
"""Of the packing; a record in an older format is rebuilt from the FHIR server, not migrated in code."""

CHUNK_FACTS = 256


class _Head(Struct, frozen=True, array_like=True):
    format: int
    patient_id: str
    person: Person | None
    memberships: dict[str, Membership]
    enrolments: dict[str, Enrolment]
    messages: dict[str, Message]
    opt_outs: tuple[Choice, ...]
    history: dict[str, JourneyHistory]
    outbox: dict[str, OutboxEffect]
    contacts: tuple[str, ...]
    catalogue: str
    sequence: int
    replies: tuple[str, ...] = ()
    lens: str = ""
    opt_ins: tuple[Choice, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    erased: Instant | None = None


_encoder = msgspec.msgpack.Encoder()
_decode_head = msgspec.msgpack.Decoder(_Head).decode


def pack(record: PatientRecord) -> dict[str, bytes]:
    """Return the chunks that differ from what the record was unpacked from: always "head" and any facts.

    A chunk whose facts were all taken out becomes an empty one: a commit can write, and not delete.
    """
    chunks = {HEAD: compress(_encoder.encode(_head(record)))}
    for resource_type, changed in record.facts.changed.items():
        facts = list(record.facts.of(resource_type).values())
        indices = {i // CHUNK_FACTS for i, fact in enumerate(facts) if fact.resource_id in changed}
        for index in sorted(indices):
            part = facts[index * CHUNK_FACTS : (index + 1) * CHUNK_FACTS]
            chunks[f"{resource_type}_{index}"] = compress(_encoder.encode(part))
    for resource_type, most in record.facts.shrunk.items():
        left = len(record.facts.of(resource_type))
        for index in range(-(-left // CHUNK_FACTS), -(-most // CHUNK_FACTS)):
            chunks[f"{resource_type}_{index}"] = EMPTY
    return chunks


def unpack(key: str, chunks: Mapping[str, bytes]) -> PatientRecord:
    """Read a record back; facts are decoded type by type when somebody looks. Raises ValueError."""
    head = _read_head(chunks)
    return PatientRecord(
        key=key,
        patient_id=head.patient_id,
        person=head.person,
        facts=Facts(PackedFacts(chunks)),
        memberships=head.memberships,
        enrolments=head.enrolments,
        messages=head.messages,
        opt_outs=head.opt_outs,
        history=head.history,
        outbox=head.outbox,
        contacts=head.contacts,
        catalogue=head.catalogue,
        sequence=head.sequence,
        replies=head.replies,
        lens=head.lens,
        opt_ins=head.opt_ins,
        unusable=head.unusable,
        erased=head.erased,
    )


def _read_head(chunks: Mapping[str, bytes]) -> _Head:
    if HEAD not in chunks:
        raise ValueError("a record with no head")
    raw = decompress(chunks[HEAD])
    try:
        head = _decode_head(raw)
    except msgspec.DecodeError:
        _check_format(_format_of(raw))  # another format may well have another shape
        raise
    _check_format(head.format)
    return head


def _format_of(raw: bytes) -> object:
    found = msgspec.msgpack.decode(raw)
    return found[0] if isinstance(found, list) and found else None


def _check_format(found: object) -> None:
    if found != FORMAT:
        raise ValueError(f"record format {found}, expected {FORMAT}")


def _head(record: PatientRecord) -> _Head:
    return _Head(
        FORMAT,
        record.patient_id,
        record.person,
        dict(record.memberships),
        dict(record.enrolments),
        dict(record.messages),
        record.opt_outs,
        dict(record.history),
        dict(record.outbox),
        record.contacts,
        record.catalogue,
        record.sequence,
        record.replies,
        record.lens,
        record.opt_ins,
        record.unusable,
        record.erased,
    )

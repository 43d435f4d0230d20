"""What is checked at every commit: nothing is claimed that the record itself, or its source, forbids."""

from __future__ import annotations

from collections.abc import Iterator

from shared.adapters.memory_fhir import MemoryFhir
from shared.effects import PostWebhook, WriteResource
from shared.fhir.project import project
from shared.fhir.references import parse_reference
from shared.patient.record import Decision, PatientRecord
from shared.patient.state import Message
from shared.usecases.outside import OutsideEffect

_OVER = ("cancelled", "noshow", "entered-in-error")


def claims(fhir: MemoryFhir, before: PatientRecord, decision: Decision) -> list[str]:
    """Return what is wrong with the claims of a commit."""
    found: list[str] = []
    for message in decision.messages:
        known = before.messages.get(message.message_id)
        if message.status == "in-progress" and (known is None or known.status != "in-progress"):
            found += (f"{message.message_id} claimed: {why}" for why in _forbidden(decision.record, message))
            found += _of_another(fhir, decision.record, message)
        if (
            known is not None
            and known.status == "unknown"
            and message.status in ("preparation", "in-progress")
        ):
            found.append(f"{message.message_id} goes from unknown to {message.status}")
    return found


def asked(decision: Decision) -> dict[str, OutsideEffect]:
    """Return what a commit leaves to be done outside."""
    outbox = decision.record.outbox.items()
    return {name: e for name, e in outbox if isinstance(e, WriteResource | PostWebhook)}


def _forbidden(record: PatientRecord, message: Message) -> Iterator[str]:
    person = record.person
    if any(opt_out.channel == message.channel for opt_out in record.opt_outs):
        yield "the record holds an opt-out"
    if person is not None and (person.deceased or person.gone or not person.active or person.replaced_by):
        yield "the record says that nobody is there"
    focus = record.facts.get(message.focus) if message.focus else None
    if focus is not None and (focus.gone or focus.status in _OVER):
        yield f"its focus is {focus.status or 'gone'}"


def _of_another(fhir: MemoryFhir, record: PatientRecord, message: Message) -> Iterator[str]:
    """Compare the focus with the very version that it was read from: it must be this patient's."""
    focus = record.facts.get(message.focus) if message.focus else None
    if focus is None or focus.gone:
        return
    key, _ = parse_reference(message.focus)
    versions = fhir._versions.get(key, [])
    resource = versions[int(focus.version) - 1][1]
    if resource is not None and record.patient_id not in project(resource).patients:
        yield f"{message.message_id} claimed: its focus is another patient's"

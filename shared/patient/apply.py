"""Apply a resource version to a record: idempotent, in any order, deletes and merges included."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.patient.record import PatientRecord


class FactChanged(Struct, frozen=True):
    """The record learned something: the fact before (None when new, or a tombstone) and after."""

    before: Fact | Person | None
    after: Fact | Person


def supersedes(new: Fact | Person, old: Fact | Person) -> bool:
    """Say whether `new` is a later version of the same resource than `old`.

    Numeric version ids decide where both have one (Azure, HAPI); otherwise meta.lastUpdated does. An equal
    version changes nothing, so that a duplicate is harmless. A deletion whose version nobody told is as
    late as its instant says; on an equal instant it wins, as nothing can follow it unseen.
    """
    if new.version and new.version == old.version and new.gone == old.gone:
        return False
    if new.version.isdigit() and old.version.isdigit() and int(new.version) != int(old.version):
        return int(new.version) > int(old.version)
    if new.updated != old.updated:
        return new.updated > old.updated
    return (new.gone, new.version) > (old.gone, old.version)


def apply_content(record: PatientRecord, content: Fact | Person) -> tuple[PatientRecord, FactChanged | None]:
    """Put a version into the record; None when it is a duplicate or older than what is known."""
    before = record.person if isinstance(content, Person) else record.facts.get(content.reference)
    if before is not None and not supersedes(content, before):
        return record, None
    visible = None if before is None or before.gone else before
    if isinstance(content, Person):
        return replace(record, person=content), FactChanged(visible, content)
    return replace(record, facts=record.facts.with_fact(content)), FactChanged(visible, content)

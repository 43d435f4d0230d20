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

    Where lastUpdated never falls while version ids rise this orders all versions, whatever the mix, so that
    they may arrive in any order.
    """
    if new.version and new.version == old.version and new.gone == old.gone:
        return False
    ours, theirs = _number(new.version), _number(old.version)
    if ours is not None and theirs is not None and ours != theirs:
        return ours > theirs
    return (new.updated, *_at_one_instant(new)) > (old.updated, *_at_one_instant(old))


def _number(version: str) -> tuple[int, str] | None:
    """Return what orders numeric version ids of any length, or None for another kind."""
    if not (version.isascii() and version.isdigit()):
        return None
    digits = version.lstrip("0")
    return len(digits), digits


def _at_one_instant(content: Fact | Person) -> tuple[int, bool, str]:
    """Order versions of one instant that no number orders: a deletion without a version comes last."""
    if not content.version:
        return (3 if content.gone else 0, content.gone, "")
    return (2 if _number(content.version) is None else 1, content.gone, content.version)


def apply_content(record: PatientRecord, content: Fact | Person) -> tuple[PatientRecord, FactChanged | None]:
    """Put a version into the record; None when it is a duplicate or older than what is known."""
    before = record.person if isinstance(content, Person) else record.facts.get(content.reference)
    if before is not None and not supersedes(content, before):
        return record, None
    visible = None if before is None or before.gone else before
    if isinstance(content, Person):
        return replace(record, person=content), FactChanged(visible, content)
    return replace(record, facts=record.facts.with_fact(content)), FactChanged(visible, content)

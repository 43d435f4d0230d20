"""Apply a resource version to a record: idempotent, in any order, deletes and merges included.

What different lenses found in one version is joined (shared.fhir.lens): nothing that was found is lost.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.fhir.lens import joined
from shared.patient.record import PatientRecord


class FactChanged(Struct, frozen=True):
    """The record learned something: the fact before (None when new, or a tombstone) and after."""

    before: Fact | Person | None
    after: Fact | Person
    same_version: bool = False
    """The resource is as it was: only more was found in it, which segments may ask for."""


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
    """Put a version into the record; None when it is a duplicate or older than what is known.

    A duplicate in which another lens found more adds that.
    """
    before = record.person if isinstance(content, Person) else record.facts.get(content.reference)
    if before is None or supersedes(content, before):
        visible = None if before is None or before.gone else before
        return _with(record, content), FactChanged(visible, content)
    if not _same_version(content, before):
        return record, None
    attributes = joined(before.attributes, content.attributes)
    if attributes == before.attributes:
        return record, None
    after = replace(before, attributes=attributes)
    return _with(record, after), FactChanged(before, after, same_version=True)


def _same_version(new: Fact | Person, old: Fact | Person) -> bool:
    if new.gone or old.gone or new.version != old.version:
        return False
    return bool(new.version) or new.updated == old.updated > 0


def _with(record: PatientRecord, content: Fact | Person) -> PatientRecord:
    if isinstance(content, Person):
        return replace(record, person=content)
    return replace(record, facts=record.facts.with_fact(content))

"""Free slots as a dry run knows them: what a journey that is paced by capacity may invite to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from msgspec import Struct

from shared.fhir.calendar import add, parse_duration
from shared.fhir.instants import Instant, parse_instant
from shared.journey.pace import Capacity


class FreeSlot(Struct, frozen=True):
    """A FHIR Slot with status free (https://hl7.org/fhir/R4/slot.html)."""

    start: Instant
    kinds: frozenset[str] = frozenset()
    """Tokens of serviceType, as "system|code" and as "code"."""
    specialties: frozenset[str] = frozenset()
    schedule: str = ""


def read_slot(resource: Mapping[str, Any], zone: tzinfo) -> FreeSlot | None:
    """Read a Slot; None for one that is not free, or says not when it begins."""
    if resource.get("resourceType") != "Slot" or resource.get("status") != "free":
        return None
    try:
        start = parse_instant(str(resource.get("start")), zone)
    except ValueError:
        return None
    schedule = resource.get("schedule")
    named = schedule.get("reference") if isinstance(schedule, Mapping) else ""
    kinds, specialties = (frozenset(_tokens(resource.get(name))) for name in ("serviceType", "specialty"))
    return FreeSlot(start, kinds, specialties, str(named or ""))


def count_free(slots: tuple[FreeSlot, ...], capacity: Capacity, now: Instant, zone: tzinfo) -> int:
    """Count those that begin from now on within the capacity's time and are of its sort."""
    until = add(now, parse_duration(capacity.within), zone)
    return sum(now <= slot.start < until and _fits(slot, capacity) for slot in slots)


def _fits(slot: FreeSlot, capacity: Capacity) -> bool:
    """Say whether a slot is one of each sort that is named, as the search for them has it."""
    asked = (
        (capacity.service_type, slot.kinds),
        (capacity.specialty, slot.specialties),
        (capacity.schedule, frozenset({slot.schedule})),
    )
    return all(not wanted or not had.isdisjoint(wanted) for wanted, had in asked)


def _tokens(concepts: object) -> Iterator[str]:
    for concept in concepts if isinstance(concepts, list) else ():
        codings = concept.get("coding") if isinstance(concept, Mapping) else None
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, Mapping) and (code := str(coding.get("code") or "")):
                yield code
                yield f"{coding.get('system', '')}|{code}"

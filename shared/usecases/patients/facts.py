"""Clinical facts of one patient in an order of their own: by type, and within one by opaque places."""

from __future__ import annotations

from heapq import nsmallest

from shared.fhir.fact import Fact
from shared.patient.engagement import ENGAGEMENT
from shared.patient.record import PatientRecord, identify


def page_of_facts(
    record: PatientRecord, resource_type: str, after: str, limit: int
) -> tuple[tuple[str, Fact], ...]:
    """Return the first `limit` beyond a place, each with its own; fewer: all. "" is every type.

    A place names no resource: it stands in an address. Facts come with the record, so that no page costs more
    than another.
    """
    types = clinical_types(record) & ({resource_type} if resource_type else record.facts.types)
    beyond = (
        (place, fact)
        for kind in sorted(types)
        for fact in record.facts.of(kind).values()
        if not fact.gone and (place := place_of_fact(record.key, fact)) > after
    )
    return tuple(nsmallest(limit, beyond, key=lambda each: each[0]))


def clinical_types(record: PatientRecord) -> frozenset[str]:
    """Return the types of which facts are held; what became of messages is kept as one too, and is none."""
    return record.facts.types - {ENGAGEMENT}


def count_facts(record: PatientRecord) -> dict[str, int]:
    """Count facts by type, without those that were deleted."""
    kinds = sorted(clinical_types(record))
    counts = {kind: sum(not fact.gone for fact in record.facts.of(kind).values()) for kind in kinds}
    return {kind: number for kind, number in counts.items() if number}


def place_of_fact(key: str, fact: Fact) -> str:
    """Return where a fact stands."""
    return f"{fact.resource_type}.{identify('fact', key, fact.reference)}"

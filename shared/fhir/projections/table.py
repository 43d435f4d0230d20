"""Tables of elements: which become which attribute, and read how; what authors may ask for follows."""

from __future__ import annotations

from shared.fhir.projections.elements import Reader

type Table = tuple[tuple[str, str, Reader], ...]
"""Rows (element of the resource, attribute of the fact, reader), for elements.attributes."""


def named(*tables: Table) -> frozenset[str]:
    """Return the attributes that the rows name."""
    return frozenset(name for table in tables for _, name, _ in table)

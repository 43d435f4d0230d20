"""What a family's projection makes of a resource, before id and version are put to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from msgspec import Struct

from shared.fhir.fact import Component, Value
from shared.fhir.instants import Instant
from shared.fhir.projections.elements import Json

ENTERED_IN_ERROR = "entered-in-error"


class Draft(Struct, gc=False):
    """A Fact's content and the ids of the patients it concerns."""

    patients: tuple[str, ...]
    status: str = ""
    codes: tuple[str, ...] = ()
    start: Instant | None = None
    end: Instant | None = None
    value: Value | None = None
    components: tuple[Component, ...] = ()
    attributes: dict[str, tuple[str, ...]] = {}
    title: str = ""


type Drafter = Callable[[Json, tzinfo], Draft]
"""Projects one resource type; the zone is for dates that name none."""

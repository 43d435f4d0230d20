"""What makes a patient enter a journey, as authors write it; exactly one trigger each."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import parse_duration
from shared.journey.change import Before, Described, FhirChange, Recent
from shared.journey.due import Point, Whose
from shared.journey.steps.base import BoundedDuration, ClockTime, DefinitionUrl, Iso8601Duration

__all__ = ["Before", "FhirChange", "MemberTrigger", "Recent", "ResourceInstant", "Trigger", "YearlyDate"]


class MemberTrigger(Authored):
    """Whoever is in a segment: those who are when the journey is published, and those who come later."""

    segment: DefinitionUrl
    ongoing: bool = True
    """Who comes later, too; else only those who are in it when the journey is published."""
    every: BoundedDuration | None = None
    """Again and again while they are in it, this long after they last entered."""

    @model_validator(mode="after")
    def _ahead(self) -> Self:
        if self.every is not None and parse_duration(self.every).sign <= 0:
            raise ValueError("every is longer than nothing")
        return self


class ResourceInstant(Authored):
    """Before, at or after an instant of a resource, which the enrolment hangs on from then."""

    of: Described
    """Which resources."""
    anchor: Point = "focus.start"
    offset: Iso8601Duration = "PT0S"
    """Three days before is -P3D, two weeks after P2W."""
    at: ClockTime | None = None
    """Time of day on the local day so found."""
    zone: Whose = "organisation"
    late: BoundedDuration = "PT0S"
    """How long after that instant one may still be let in: what is booked later than that is left out."""


class YearlyDate(Authored):
    """A day of the record that comes round every year."""

    of: Literal["birth-date"]
    offset: Iso8601Duration = "PT0S"
    at: ClockTime = "09:00"
    zone: Whose = "patient"


class Trigger(Authored):
    """How patients get in; exactly one of these."""

    segment_entered: DefinitionUrl | None = None
    """Url of a segment: entering it enters the journey."""
    segment_left: DefinitionUrl | None = None
    """Url of a segment: leaving it enters the journey."""
    segment_member: MemberTrigger | None = None
    """Being in a segment."""
    fhir_change: FhirChange | None = None
    """A resource of the patient changed."""
    instant: ResourceInstant | None = None
    """An instant of a resource, or some time before or after it, has come."""
    date: YearlyDate | None = None
    """A day of the year has come."""
    event: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")
    """Another system, or a person, said so by the API."""
    manual: Literal[True] | None = None
    """Nothing by itself: campaigns, staff, other journeys and the API put patients in."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1 or getattr(self, self.kind) is None:
            raise ValueError(f"needs exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def kind(self) -> str:
        """Return which of them it is."""
        return next(iter(sorted(self.model_fields_set)), "manual")

    @property
    def has_focus(self) -> bool:
        """Say whether enrolments hang on a resource."""
        return self.fhir_change is not None or self.instant is not None

    @property
    def looks_back(self) -> bool:
        """Say whether what was there before it was published may make somebody enter."""
        return self.kind in ("segment_member", "instant", "date")

    @property
    def segment(self) -> str:
        """Return the url of the segment whose members it means, or ""."""
        return self.segment_entered or (self.segment_member.segment if self.segment_member else "")

    @property
    def entered(self) -> str:
        """Return the url of the segment that starts it when it is entered, or ""."""
        once = self.segment_member is not None and not self.segment_member.ongoing
        return "" if once else self.segment

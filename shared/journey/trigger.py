"""What makes a patient enter a journey: the authoring models, and whether a change of a resource fits."""

from __future__ import annotations

from datetime import UTC
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import add, parse_duration
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.journey.steps.base import DefinitionUrl, Iso8601Duration
from shared.patient.apply import FactChanged


class Recent(Authored):
    """An instant of the resource lies in the future, or not longer ago than `within`."""

    anchor: Literal["focus.start", "focus.end"]
    within: Iso8601Duration = "PT0S"


class FhirChange(Authored):
    """A change of a resource of the patient; every condition stated must hold."""

    type: str
    """Resource type, for example Appointment."""
    codes: tuple[str, ...] = ()
    """The resource has one of these codes: "system|code", or just "code"."""
    status: tuple[str, ...] = ()
    """Its status is one of these."""
    attributes: dict[str, tuple[str, ...]] = Field(default={})
    """Other elements by kebab-case name, for example class: [IMP]; one of the values each."""
    interaction: Literal["created", "updated", "deleted", "any"] = "any"
    """What was done to it; any is created or updated."""
    becomes: bool = True
    """Only when the version before did not fit codes, status and attributes."""
    recent: Recent | None = None
    """Leaves out what happened long ago, as when history is loaded."""

    def fits(self, changed: FactChanged, now: Instant) -> bool:
        """Say whether this change is the one meant."""
        after = changed.after
        if after.reference.partition("/")[0] != self.type or not self._interaction(changed):
            return False
        if not after.gone and not self._describes(after):
            return False
        before = changed.before
        if self.becomes and not after.gone and before is not None and self._describes(before):
            return False
        return self.recent is None or _recent(self.recent, after, now)

    def _interaction(self, changed: FactChanged) -> bool:
        if changed.after.gone:
            return self.interaction == "deleted"
        done = "created" if changed.before is None else "updated"
        return self.interaction in (done, "any")

    def _describes(self, content: Fact | Person) -> bool:
        status = content.status if isinstance(content, Fact) else ""
        codes = content.codes if isinstance(content, Fact) else ()
        return (
            (not self.status or status in self.status)
            and _any_code(self.codes, codes)
            and all(_any_code(v, content.attributes.get(k, ())) for k, v in self.attributes.items())
        )


class Trigger(Authored):
    """How patients get in; exactly one of these."""

    segment_entered: DefinitionUrl | None = None
    """Url of a segment: entering it enters the journey."""
    fhir_change: FhirChange | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.segment_entered is None) == (self.fhir_change is None):
            raise ValueError("needs exactly one of segment_entered and fhir_change")
        return self


def _any_code(wanted: tuple[str, ...], present: tuple[str, ...]) -> bool:
    return not wanted or any(has == want or has.endswith(f"|{want}") for want in wanted for has in present)


def _recent(recent: Recent, content: Fact | Person, now: Instant) -> bool:
    if not isinstance(content, Fact):
        return True
    instant = content.start if recent.anchor == "focus.start" else content.end
    return instant is not None and add(instant, parse_duration(recent.within), UTC) > now

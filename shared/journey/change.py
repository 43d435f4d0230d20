"""FhirChange: a change of a resource that an author means, and whether one that came is it."""

from __future__ import annotations

from datetime import UTC
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from shared.authoring import Authored
from shared.fhir.calendar import add, parse_duration
from shared.fhir.fact import Fact, Person
from shared.fhir.filters import check_expression
from shared.fhir.instants import Instant
from shared.fhir.lens import MARKS, mark_of
from shared.journey.steps.base import BoundedDuration
from shared.patient.apply import FactChanged

_ELEMENTS = ("start", "end", "status", "codes", "value", "components", "title")
"""What of a fact may be named in `changes`, beside its attributes."""


class Recent(Authored):
    """An instant of the resource lies in the future, or not longer ago than `within`."""

    anchor: Literal["focus.start", "focus.end"]
    within: BoundedDuration = "PT0S"


class Described(Authored):
    """A resource of the patient by what it is; every condition stated must hold."""

    type: str = Field(pattern=r"^[A-Z][A-Za-z]{1,63}$")
    """Resource type, for example Appointment."""
    codes: tuple[str, ...] = ()
    """The resource has one of these codes: "system|code", or just "code"."""
    status: tuple[str, ...] = ()
    """Its status is one of these."""
    attributes: dict[str, tuple[str, ...]] = Field(default={})
    """Other elements by kebab-case name, for example class: [IMP]; one of the values each."""

    def describes(self, content: Fact | Person) -> bool:
        """Say whether a resource is one of these."""
        status = content.status if isinstance(content, Fact) else ""
        codes = content.codes if isinstance(content, Fact) else ()
        return (
            content.reference.startswith(f"{self.type}/")
            and (not self.status or status in self.status)
            and _any_code(self.codes, codes)
            and all(_any_code(v, content.attributes.get(k, ())) for k, v in self.attributes.items())
        )


class Before(Authored):
    """What the version before was; one that was not there before was none of it."""

    status: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = Field(default={})


class FhirChange(Described):
    """A change of a resource of the patient; every condition stated must hold."""

    interaction: Literal["created", "updated", "deleted", "any"] = "any"
    """What was done to it; any is created or updated."""
    becomes: bool = True
    """Only when the version before did not fit codes, status, attributes and condition."""
    condition: str | None = None
    """FHIRPath that must be true of the resource; evaluated when it arrives."""
    changes: tuple[str, ...] = ()
    """One of these is other than in the version before: start, end, status, codes, value, components, title,
    or an attribute by its kebab-case name. A resource that is new has changed in everything it has."""
    before: Before | None = None
    """What the version before was."""
    recent: Recent | None = None
    """Leaves out what happened long ago, as when history is loaded."""

    @field_validator("condition")
    @classmethod
    def _evaluable(cls, text: str | None) -> str | None:
        if text is not None and (wrong := check_expression(text)) is not None:
            raise ValueError(f"cannot be evaluated: {wrong}")
        return text

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.interaction == "created" and self.before is not None:
            raise ValueError("what is created has no version before")
        return self

    def fits(self, changed: FactChanged, now: Instant) -> bool:
        """Say whether this change is the one meant."""
        after = changed.after
        if after.reference.partition("/")[0] != self.type or not self._interaction(changed):
            return False
        before = changed.before
        if not self._meant(before if after.gone else after):
            return False
        # who waits for certain elements to change means every such change
        once = self.becomes and not self.changes and not after.gone
        if once and before is not None and self.fulfilled_by(before):
            return False
        return (
            self._was(before)
            and self._changed(before, after)
            and (self.recent is None or _recent(self.recent, after, now))
        )

    def _meant(self, content: Fact | Person | None) -> bool:
        """Say whether it is such a resource that changed; what was deleted is asked as it was before."""
        if content is None:
            return not (self.codes or self.status or self.attributes or self.condition)
        return self.fulfilled_by(content)

    def fulfilled_by(self, content: Fact | Person) -> bool:
        """Say whether a version fits codes, status, attributes and condition."""
        marks = content.attributes.get(MARKS, ())
        if self.condition is not None and f"+{mark_of(self.condition)}" not in marks:
            return False
        return self.describes(content)

    def _interaction(self, changed: FactChanged) -> bool:
        if changed.after.gone:
            return self.interaction == "deleted"
        done = "created" if changed.before is None else "updated"
        return self.interaction in (done, "any")

    def _was(self, before: Fact | Person | None) -> bool:
        if self.before is None:
            return True
        return before is not None and Described(
            type=self.type, status=self.before.status, attributes=self.before.attributes
        ).describes(before)

    def _changed(self, before: Fact | Person | None, after: Fact | Person) -> bool:
        return not self.changes or any(_of(before, name) != _of(after, name) for name in self.changes)


def said(changed: FactChanged) -> str:
    """Say a change as staff read it: what it is now."""
    after = changed.after
    if after.gone:
        return f"{after.reference} was deleted"
    return f"{after.reference} {getattr(after, 'status', '') or 'changed'}"


def _of(content: Fact | Person | None, name: str) -> object:
    if content is None:
        return None
    if name in _ELEMENTS:
        return getattr(content, name, None) or None
    return content.attributes.get(name) or None


def _any_code(wanted: tuple[str, ...], present: tuple[str, ...]) -> bool:
    return not wanted or any(has == want or has.endswith(f"|{want}") for want in wanted for has in present)


def _recent(recent: Recent, content: Fact | Person, now: Instant) -> bool:
    if not isinstance(content, Fact):
        return True
    instant = content.start if recent.anchor == "focus.start" else content.end
    if instant is None:
        return False
    try:
        return add(instant, parse_duration(recent.within), UTC) > now
    except ValueError:  # beyond the calendar: an end of 9999-12-31 is how some say that there is none
        return instant > now

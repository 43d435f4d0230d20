"""What an author asks of a resource: the pattern inside `has` and `has_no`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from shared.segment.coded import Coded
from shared.segment.codes import LISTED, Words
from shared.segment.types import STATUSES, VERIFICATIONS, VERIFIED_TYPES, ResourceType
from shared.segment.values import ValuePattern
from shared.segment.window import When

ATTRIBUTES = {"intent": "intent", "category": "category", "class_": "class", "priority": "priority"}
"""Words of the pattern that ask for an attribute of the fact, by its name there."""


class ComponentPattern(Coded):
    """One component of an Observation, or one answer: its code, and what its value must be."""

    value: ValuePattern | None = None

    @model_validator(mode="after")
    def _coded(self) -> Self:
        if not (self.code or self.valueset) or self.text:
            raise ValueError("needs the component's code or valueset")
        return self


class ResourcePattern(Coded):
    """A resource of a type, and what it must be; all that is given must hold of one and the same resource."""

    type: ResourceType
    label: str | None = None
    """What the reasons call it, "HbA1c"; else what the resource calls itself."""
    status: Words | None = None
    """One of the type's statuses (the clinical status of Condition and AllergyIntolerance)."""
    verification_status: Words | None = None
    intent: Words | None = None
    category: Words | None = None
    """Bare codes, or "system|code"."""
    class_: Words | None = Field(None, alias="class")
    """Bare codes ("IMP"), or "system|code"."""
    priority: Words | None = None
    when: When | None = None
    """When it was so; without it, at any time, though what is no plan must have begun."""
    which: Literal["latest", "earliest"] | None = None
    """Only this one of those found by all the words above is asked for its value and components."""
    at_least: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    """So many different resources; 1 if not given."""
    value: ValuePattern | None = None
    component: Annotated[tuple[ComponentPattern, ...], LISTED, Field(min_length=1)] | None = None
    """A component, or several: each must be there and as it says."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = STATUSES[self.type]
        if wrong := [word for word in self.status or () if word not in known]:
            raise ValueError(
                f"status {', '.join(wrong)} is none of a {self.type}: {', '.join(sorted(known))}"
            )
        if self.verification_status and self.type not in VERIFIED_TYPES:
            raise ValueError(f"a {self.type} has no verification_status")
        if wrong := [word for word in self.verification_status or () if word not in VERIFICATIONS]:
            raise ValueError(
                f"verification_status {', '.join(wrong)} is none of {', '.join(sorted(VERIFICATIONS))}"
            )
        if self.which and self.at_least:
            raise ValueError("which chooses one resource, so at_least has nothing to count")
        return self

    @property
    def attributes(self) -> dict[str, Words]:
        """Return the words asked of attributes, by the attribute's name."""
        given = ((name, getattr(self, word)) for word, name in ATTRIBUTES.items())
        return {name: words for name, words in given if words}

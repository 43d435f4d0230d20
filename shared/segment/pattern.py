"""What an author asks of a resource: the pattern inside `has`, `has_no`, `matches`, `with` and `without`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, model_validator

from shared.fhir.filters import check_expression
from shared.fhir.kept import KEPT_TYPES
from shared.segment.bound import NAME
from shared.segment.coded import Coded
from shared.segment.codes import LISTED, Words
from shared.segment.element import AnyElement
from shared.segment.measures import CoveredDays, TotalTime
from shared.segment.picks import AnyPicks
from shared.segment.types import STATUSES, VERIFICATIONS, VERIFIED_TYPES, ResourceType
from shared.segment.values import ValuePattern
from shared.segment.when import When

ATTRIBUTES = {"intent": "intent", "category": "category", "class_": "class", "priority": "priority"}
"""Words of the pattern that ask for an attribute of the fact, by its name there."""
RESERVED = frozenset({"now", "today", "yesterday", "tomorrow", "birth", "this", "day"})
"""Words that cannot name a match."""


def _name(text: str) -> str:
    if text in RESERVED:
        raise ValueError(f"is a word of the language: {', '.join(sorted(RESERVED))}")
    return text


def _expression(text: str) -> str:
    if problem := check_expression(text):
        raise ValueError(problem)
    return text


type MatchName = Annotated[str, Field(pattern=f"^{NAME}$"), AfterValidator(_name)]


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

    type: ResourceType | None = None
    from_: MatchName | None = Field(None, alias="from")
    """In place of a type: those found by a named match."""
    any_of: Annotated[tuple[AnyPattern, ...], LISTED, Field(min_length=1)] | None = None
    """In place of a type: those found by any of these patterns."""
    as_: MatchName | None = Field(None, alias="as")
    """What nested `with` and `without` call this resource, beside "this"."""
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
    elements: dict[str, AnyElement] | None = None
    """Other elements that are kept, by name: {discharge-disposition: {valueset: …}, body-site: snomed|1}."""
    fhirpath: Annotated[str, AfterValidator(_expression)] | None = None
    """A FHIRPath expression that is true of the resource, evaluated once when it arrives."""
    not_to: bool = False
    """Look at orders *not* to do something (doNotPerform) instead of those to do it."""
    when: When | None = None
    """When it was so; without it, at any time, though what is no plan must have begun."""
    link: str | None = None
    """In `with` and `without`: the element of the resource above that refers to this one, "encounter"."""
    linked_by: str | None = None
    """In `with` and `without`: the element of this one that refers to the resource above."""
    with_: Annotated[tuple[AnyPattern, ...], LISTED, Field(min_length=1)] | None = Field(None, alias="with")
    """Each of these patterns finds a resource, seen from this one."""
    without: Annotated[tuple[AnyPattern, ...], LISTED, Field(min_length=1)] | None = None
    """None of these patterns finds a resource, seen from this one."""
    which: AnyPicks | None = None
    """Only these of those found by all the words above are asked for their value and components."""
    value: ValuePattern | None = None
    component: Annotated[tuple[ComponentPattern, ...], LISTED, Field(min_length=1)] | None = None
    """A component, or several: each must be there and as it says."""
    at_least: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    """So many different resources; 1 if not given."""
    on_days: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    """Starts on so many different days."""
    covered_days: CoveredDays | None = None
    """The days that they cover together, each counted once."""
    total_time: TotalTime | None = None
    """How long they last together, overlaps counted once."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(bool(source) for source in (self.type, self.from_, self.any_of)) != 1:
            raise ValueError("needs a type, or in its place from or any_of")
        if self.type is None:
            self._of_others()
        else:
            self._of_its_type(self.type)
        if self.link and self.linked_by:
            raise ValueError("is linked one way: link or linked_by")
        most = None if self.which is None else self.which.most
        if most is not None and max(self.at_least or 1, self.on_days or 1) > most:
            raise ValueError(f"which chooses {most}, so at_least and on_days cannot count more")
        return self

    def __hash__(self) -> int:
        return hash(repr(self))

    def _of_others(self) -> None:
        if self.verification_status or self.fhirpath or self.not_to or self.link or self.linked_by:
            raise ValueError(
                "verification_status, fhirpath, not_to, link and linked_by need a type: say them there"
            )

    def _of_its_type(self, kind: str) -> None:
        known = STATUSES[kind]
        if wrong := [word for word in self.status or () if word not in known]:
            raise ValueError(f"status {', '.join(wrong)} is none of a {kind}: {', '.join(sorted(known))}")
        if self.fhirpath and kind not in KEPT_TYPES:
            raise ValueError(f"{kind} is no resource of the FHIR server, so fhirpath has nothing to look at")
        if self.verification_status and kind not in VERIFIED_TYPES:
            raise ValueError(f"a {kind} has no verification_status")
        if wrong := [word for word in self.verification_status or () if word not in VERIFICATIONS]:
            raise ValueError(
                f"verification_status {', '.join(wrong)} is none of {', '.join(sorted(VERIFICATIONS))}"
            )

    @property
    def attributes(self) -> dict[str, Words]:
        """Return the words asked of attributes, by the attribute's name."""
        given = ((name, getattr(self, word)) for word, name in ATTRIBUTES.items())
        return {name: words for name, words in given if words}

    @property
    def plain(self) -> bool:
        """Say whether it stands alone: no other match, no link, no count but of resources."""
        composed = (self.from_, self.any_of, self.with_, self.without, self.link, self.linked_by)
        measured = (self.on_days, self.covered_days, self.total_time)
        chosen = self.which is None or (self.which.plain and self.at_least is None)
        hangs = self.when is not None and self.when.hangs
        return chosen and not hangs and not any(composed) and not any(measured)

    def inner(self) -> Iterator[tuple[str, ResourcePattern]]:
        """Yield the patterns inside, with their paths."""
        for word, patterns in (("any_of", self.any_of), ("with", self.with_), ("without", self.without)):
            for number, pattern in enumerate(patterns or ()):
                yield f".{word}[{number}]", pattern


def _pattern(value: object) -> object:
    """Let the name of a match stand for a pattern `from` it."""
    return {"from": value} if isinstance(value, str) else value


type AnyPattern = Annotated[
    ResourcePattern, BeforeValidator(_pattern, json_schema_input_type="ResourcePattern | str")
]
ResourcePattern.model_rebuild()

"""Why a criterion holds or not: as data, and as a sentence that staff read."""

from __future__ import annotations

from msgspec import Struct

from shared.fhir.fact import Fact, Person


class FactRef(Struct, frozen=True):
    """A resource version that decides."""

    reference: str
    version: str = ""

    @classmethod
    def to(cls, content: Fact | Person) -> FactRef:
        """Refer to a fact or a person."""
        return cls(content.reference, content.version)


class Explanation(Struct, frozen=True):
    """One criterion: does it hold, why, and by which facts; `parts` are the criteria inside it."""

    criterion: str
    """The word in the definition: "has", "age", "all"…"""
    holds: bool
    why: str
    facts: tuple[FactRef, ...] = ()
    parts: tuple[Explanation, ...] = ()

    @property
    def deciding(self) -> tuple[FactRef, ...]:
        """Return the facts of the whole tree, each once."""
        nested = (ref for part in self.parts for ref in part.deciding)
        return tuple(dict.fromkeys((*self.facts, *nested)))

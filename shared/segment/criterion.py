"""What every criterion is: authored words that compile to a test, an explanation and what it reads.

A test returns (holds, until, exact): `until` is the first instant after `now` at which it could hold no
longer, or begin to, with no new data; NEVER when it cannot. It may be early, never late; `exact` says that
it turns at that very instant.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from shared.authoring import Authored
from shared.errors import Problem
from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.fhir.lens import EMPTY, Lens
from shared.patient.record import PatientRecord
from shared.segment.explanation import Explanation, FactRef
from shared.segment.static_list import NO_LISTS, StaticLists
from shared.segment.valuesets import ValueSets
from shared.segment.wall import NEVER, Wall

if TYPE_CHECKING:
    from shared.segment.compiled import CompiledSegment
    from shared.segment.selector import Selector

type Outcome = tuple[bool, Instant, bool]
type Test = Callable[[PatientRecord, Instant], Outcome]
type Explain = Callable[[PatientRecord, Instant], Explanation]
type Touch = tuple[str, str, str]
"""(resource type, what of it, which): ("Observation", "code", "http://loinc.org|4548-4"),
("Encounter", "class", "IMP"), ("Condition", "", "") for any of the type, ("Patient", "gender", "")."""

HOLDS: Outcome = (True, NEVER, True)
FAILS: Outcome = (False, NEVER, True)


class Cost(IntEnum):
    """What a test has to look at, the cheapest first."""

    PERSON = 0
    CODED = 1
    """The facts of a type that carry some codes."""
    RESULTS = 2
    """The same among Observations, of which a record holds most: unpacking them costs most."""
    TYPE = 3
    """All facts of a type."""
    MATCHES = 4
    """Patterns that lean on other matches."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A criterion, ready to run."""

    test: Test
    explain: Explain
    touches: frozenset[Touch]
    timed: bool = False
    """Whether `test` can ever answer another `until` than NEVER."""
    lens: Lens = EMPTY
    """What it asks of resources when they arrive."""
    cost: Cost = Cost.PERSON
    """How dear the test is: what is cheap is asked first."""


@dataclass(frozen=True, slots=True)
class Context:
    """What compiling needs: value sets, the zone's wall clock, other segments, and where we are."""

    valuesets: ValueSets
    wall: Wall
    segments: Mapping[str, CompiledSegment]
    where: str
    problems: list[Problem]
    matches: Mapping[str, Selector] = MappingProxyType({})
    """The named matches of the definition, as far as they are compiled."""
    names: frozenset[str] = frozenset()
    """Names of the resources that a pattern lies inside of."""
    lists: StaticLists = NO_LISTS

    def naming(self, names: Iterable[str]) -> Context:
        """Step into a resource that goes by these names."""
        return replace(self, names=self.names.union(names))

    def inside(self, path: str) -> Context:
        """Step into a part of the definition, for what a Problem says."""
        return replace(self, where=f"{self.where}{path}")

    def touches_of(self, named: Iterable[str]) -> frozenset[Touch]:
        """Return what the named matches read; a name of a resource around reads nothing itself."""
        return frozenset().union(*(self.matches[name].touches for name in named if name in self.matches))

    def fault(self, what: str, expected: str) -> None:
        """Record a Problem here."""
        self.problems.append(Problem(self.where, what, expected))


class Criterion(Authored):
    """Base of the criteria: a model with one field, whose name is the criterion's word."""

    @abstractmethod
    def compile(self, context: Context) -> Compiled:
        """Compile; mistakes go to `context.problems`."""


def of_person(
    word: str, element: str, predicate: Callable[[Person], bool], why: Callable[[Person, bool], str]
) -> Compiled:
    """Compile a criterion that looks at one element of the Patient, and not at the time."""

    def test(record: PatientRecord, now: Instant) -> Outcome:
        person = record.person
        return HOLDS if person is not None and predicate(person) else FAILS

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        return explain_person(record, word, test(record, now)[0], why)

    return Compiled(test, explain, frozenset({("Patient", element, "")}))


def explain_person(
    record: PatientRecord, word: str, holds: bool, why: Callable[[Person, bool], str]
) -> Explanation:
    """Explain by the Patient resource."""
    if record.person is None:
        return Explanation(word, holds, "the patient is not known")
    return Explanation(word, holds, why(record.person, holds), (FactRef.to(record.person),))

"""A segment ready to run: who is in, until when, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.fhir.lens import Lens
from shared.patient.record import PatientRecord
from shared.segment.criterion import FAILS, Compiled, Outcome, Touch
from shared.segment.evaluation import Evaluation
from shared.segment.explanation import Explanation, FactRef
from shared.segment.wall import NEVER

_MOST_LOOKS = 8
"""How far ahead a bound is followed to the true flip; beyond, the patient is woken once for nothing."""


@dataclass(frozen=True, slots=True)
class CompiledSegment:
    """A definition, its value sets and its zone as one function of record and instant."""

    url: str
    canonical: str
    """"url|version"."""
    title: str
    touches: frozenset[Touch]
    """What it reads: a change of anything else cannot concern it."""
    criteria: Compiled
    excludes: Callable[[Person], str]
    """Why somebody is in no segment of this kind whatever their facts, or ""."""
    depends: tuple[str, ...] = ()
    """Urls of the segments that it refers to."""
    published_in: int = 1
    """The latest publication that could have changed what it says, of it or of what it uses."""

    @property
    def timed(self) -> bool:
        """Say whether time alone can change the membership of anybody."""
        return self.criteria.timed

    @property
    def lens(self) -> Lens:
        """Return what it asks of resources beyond their facts."""
        return self.criteria.lens

    def test(self, record: PatientRecord, now: Instant) -> Outcome:
        """Return (member, until, exact): the criteria's answer, or no for those who are excluded."""
        person = record.person
        if person is None or person.gone or self.excludes(person):
            return FAILS
        return self.criteria.test(record, now)

    def evaluate(self, record: PatientRecord, now: Instant) -> Evaluation:
        """Say whether the patient is a member at `now`, and when that changes next with no new data."""
        member, until, exact = self.test(record, now)
        if until == NEVER:
            return Evaluation(member, None, self, record, now)
        if not exact:
            until = self._follow(record, member, until)
        return Evaluation(member, None if until == NEVER else until, self, record, now)

    def _follow(self, record: PatientRecord, member: bool, until: Instant) -> Instant:
        """Follow a bound to the instant at which the membership really changes."""
        for _ in range(_MOST_LOOKS):
            then, further, exact = self.criteria.test(record, until)
            if then != member:
                return until
            until = further
            if exact:
                return until
        return until

    def explain(self, record: PatientRecord, now: Instant) -> Explanation:
        """Say why, as a tree of criteria."""
        person = record.person
        if person is None or person.gone:
            return Explanation("patient", False, "the patient is not known")
        if excluded := self.excludes(person):
            return Explanation("patient", False, excluded, (FactRef.to(person),))
        return self.criteria.explain(record, now)

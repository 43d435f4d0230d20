"""The criteria that hold others: all, any, not.

Bounds: where all hold, the first to end ends it; where some fail, it cannot hold before the last of those
that fail could. `any` is the mirror image. With at most one part that depends on time this is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.codes import ONE_OR_MANY
from shared.segment.criterion import FAILS, HOLDS, Compiled, Context, Criterion, Outcome, Test
from shared.segment.explanation import Explanation
from shared.segment.wall import ALWAYS, NEVER

if TYPE_CHECKING:
    from shared.segment.criteria.language import AnyCriterion


class AllCriterion(Criterion):
    """Every one of these holds."""

    all_: Annotated[tuple[AnyCriterion, ...], ONE_OR_MANY, Field(alias="all", min_length=1)]

    def compile(self, context: Context) -> Compiled:
        """Compile to a test that stops at the first part that fails for good."""
        return _compose("all", self.all_, context)


class AnyOfCriterion(Criterion):
    """At least one of these holds."""

    any_: Annotated[tuple[AnyCriterion, ...], ONE_OR_MANY, Field(alias="any", min_length=1)]

    def compile(self, context: Context) -> Compiled:
        """Compile to a test that stops at the first part that holds for good."""
        return _compose("any", self.any_, context)


class NotCriterion(Criterion):
    """The opposite of what is inside."""

    not_: Annotated[AnyCriterion, Field(alias="not")]

    def compile(self, context: Context) -> Compiled:
        """Compile to the opposite of the part."""
        part = self.not_.compile(context.inside(".not"))

        def test(record: PatientRecord, now: Instant) -> Outcome:
            holds, until = part.test(record, now)
            return not holds, until

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            inner = part.explain(record, now)
            return Explanation("not", not inner.holds, inner.why, parts=(inner,))

        return Compiled(test, explain, part.touches, part.timed, part.exact)


def _compose(word: str, members: Sequence[Criterion], context: Context) -> Compiled:
    parts = [member.compile(context.inside(f".{word}[{n}]")) for n, member in enumerate(members)]
    # What never changes by itself goes first: it is cheap, and settles the matter for good.
    ordered = tuple(part.test for part in sorted(parts, key=lambda part: part.timed))
    test = (_all if word == "all" else _any)(ordered)

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        inner = tuple(part.explain(record, now) for part in parts)
        holds = (all if word == "all" else any)(part.holds for part in inner)
        return Explanation(word, holds, _why(word, holds, inner), parts=inner)

    timed = [part for part in parts if part.timed]
    exact = not timed or (len(timed) == 1 and timed[0].exact)
    return Compiled(test, explain, frozenset().union(*(p.touches for p in parts)), bool(timed), exact)


def _all(tests: tuple[Test, ...]) -> Test:
    def test(record: PatientRecord, now: Instant) -> Outcome:
        first, last, holding = NEVER, ALWAYS, True
        for part in tests:
            holds, until = part(record, now)
            if holds:
                if until < first:
                    first = until
            elif until == NEVER:
                return FAILS
            else:
                holding = False
                if until > last:
                    last = until
        return (True, first) if holding else (False, last)

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(record: PatientRecord, now: Instant) -> Outcome:
        first, last, holding = NEVER, ALWAYS, False
        for part in tests:
            holds, until = part(record, now)
            if not holds:
                if until < first:
                    first = until
            elif until == NEVER:
                return HOLDS
            else:
                holding = True
                if until > last:
                    last = until
        return (True, last) if holding else (False, first)

    return test


def _why(word: str, holds: bool, parts: tuple[Explanation, ...]) -> str:
    """Join the reasons that decide: all of the many, or the first of those that alone suffice."""
    deciding = [part.why for part in parts if part.holds == holds]
    everyone = holds == (word == "all")
    return "; ".join(dict.fromkeys(deciding)) if everyone else deciding[0]

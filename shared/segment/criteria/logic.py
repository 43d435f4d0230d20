"""The criteria that hold others: all, any, not.

Where all hold, the first to end ends it: exact. Where some fail, it cannot hold before the last of those that
fail could: exact when one fails and the others outlast it, else a bound. `any` is the mirror image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from shared.fhir.instants import Instant
from shared.fhir.lens import union
from shared.patient.record import PatientRecord
from shared.segment.codes import LISTED
from shared.segment.criterion import FAILS, HOLDS, Compiled, Context, Criterion, Outcome, Test
from shared.segment.explanation import Explanation
from shared.segment.wall import ALWAYS, NEVER

if TYPE_CHECKING:
    from shared.segment.criteria.language import AnyCriterion


class AllCriterion(Criterion):
    """Every one of these holds."""

    all_: Annotated[tuple[AnyCriterion, ...], LISTED, Field(alias="all", min_length=1)]

    def compile(self, context: Context) -> Compiled:
        """Compile to a test that stops at the first part that fails for good."""
        return _compose("all", self.all_, context)


class AnyOfCriterion(Criterion):
    """At least one of these holds."""

    any_: Annotated[tuple[AnyCriterion, ...], LISTED, Field(alias="any", min_length=1)]

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
            holds, until, exact = part.test(record, now)
            return not holds, until, exact

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            inner = part.explain(record, now)
            return Explanation("not", not inner.holds, inner.why, parts=(inner,))

        return Compiled(test, explain, part.touches, part.timed, part.lens, part.cost)


def _compose(word: str, members: Sequence[Criterion], context: Context) -> Compiled:
    parts = [member.compile(context.inside(f".{word}[{n}]")) for n, member in enumerate(members)]
    # The cheap ones go first, of these what never changes by itself: it settles the matter for good.
    ordered = tuple(part.test for part in sorted(parts, key=lambda part: (part.cost, part.timed)))
    test = _settled(ordered, by=word == "any")

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        inner = tuple(part.explain(record, now) for part in parts)
        holds = (all if word == "all" else any)(part.holds for part in inner)
        return Explanation(word, holds, _why(word, holds, inner), parts=inner)

    touches = frozenset().union(*(part.touches for part in parts))
    lens = union(part.lens for part in parts)
    cost = max(part.cost for part in parts)
    return Compiled(test, explain, touches, any(part.timed for part in parts), lens, cost)


def _settled(tests: tuple[Test, ...], by: bool) -> Test:
    """Make the test that one part settles: `all` by one that fails, `any` by one that holds."""
    for_good = HOLDS if by else FAILS

    def test(record: PatientRecord, now: Instant) -> Outcome:
        settling, last, last_exact = 0, ALWAYS, True
        first, first_exact = NEVER, True
        for part in tests:
            holds, until, exact = part(record, now)
            if holds != by:
                if until < first:
                    first, first_exact = until, exact
            elif until == NEVER:
                return for_good
            else:
                settling += 1
                if until > last:
                    last, last_exact = until, exact
        if settling:
            return by, last, last_exact and settling == 1 and last < first
        return not by, first, first_exact

    return test


def _why(word: str, holds: bool, parts: tuple[Explanation, ...]) -> str:
    """Join the reasons that decide: all of the many, or the first of those that alone suffice."""
    deciding = [part.why for part in parts if part.holds == holds]
    everyone = holds == (word == "all")
    return "; ".join(dict.fromkeys(deciding)) if everyone else deciding[0]

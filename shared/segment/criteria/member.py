"""The criteria that another segment holds, and that somebody is on a list."""

from __future__ import annotations

from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.codes import Word
from shared.segment.criterion import FAILS, Compiled, Context, Criterion, Outcome, of_person
from shared.segment.explanation import Explanation


class MemberCriterion(Criterion):
    """The patient is in the segment of this url, evaluated afresh: the stored memberships are not asked."""

    member_of: Word

    def compile(self, context: Context) -> Compiled:
        """Compile to the other segment's own test, its rules on the deceased and inactive included."""
        other = context.segments.get(self.member_of)
        if other is None:
            known = ", ".join(sorted(context.segments)) or "one that is defined"
            context.inside(".member_of").fault(f"{self.member_of} is no segment that is defined", known)
            return Compiled(
                lambda _r, _n: FAILS, lambda _r, _n: Explanation("member_of", False, ""), frozenset()
            )

        def test(record: PatientRecord, now: Instant) -> Outcome:
            return other.test(record, now)

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            inner = other.explain(record, now)
            return Explanation("member_of", inner.holds, f"{other.title}: {inner.why}", parts=(inner,))

        made = other.criteria
        return Compiled(test, explain, other.touches, other.timed, made.lens, made.cost)


class ListCriterion(Criterion):
    """The patient is on the static list of this url, by FHIR id or by an identifier."""

    in_list: Word

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at the list; the reason never quotes an identifier."""
        found = context.lists.get(self.in_list)
        if found is None:
            known = ", ".join(context.lists.urls) or "one that is defined"
            context.inside(".in_list").fault("is no list that is defined", known)
            return of_person("in_list", "identifiers", lambda _: False, lambda _, holds: "")
        name = found.title or self.in_list.rpartition("/")[2]
        says = {True: f"is on the list {name}", False: f"is not on the list {name}"}
        return of_person("in_list", "identifiers", found.holds, lambda _, holds: says[holds])

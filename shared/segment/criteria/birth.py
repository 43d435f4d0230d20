"""Criteria on a patient's date of birth."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator

from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.birth import age_reached, born
from shared.segment.criterion import FAILS, HOLDS, Compiled, Context, Criterion, Outcome, explain_person
from shared.segment.edge import Fixed, Hung
from shared.segment.explanation import Explanation
from shared.segment.wall import ALWAYS, NEVER, Wall
from shared.segment.when import Relation, relation
from shared.segment.window import AnyWindow, Window

_TOUCHES = frozenset({("Patient", "birth_date", "")})


def _months(value: object) -> object:
    found = value if isinstance(value, list | tuple) else [value]
    numbers = [n for n in found if type(n) is int and 1 <= n <= 12]
    if value != "current" and (not found or len(numbers) != len(found)):
        raise ValueError('is not a month from 1 to 12, a list of them, or "current"')
    return value if value == "current" else tuple(numbers)


type Months = Annotated[
    tuple[int, ...] | Literal["current"],
    BeforeValidator(_months, json_schema_input_type=int | list[int] | Literal["current"]),
]


class BirthDateCriterion(Criterion):
    """The beginning of the birth date is in the window."""

    birth_date: AnyWindow

    def compile(self, context: Context) -> Compiled:
        """Compile to a window over the birth date."""
        relation = _standing(self.birth_date, context)
        when = age_reached(context.wall, 0)

        def test(record: PatientRecord, now: Instant) -> Outcome:
            birth = when("" if record.person is None else record.person.birth_date)
            if birth == NEVER or birth < relation.lower.at(now):
                return FAILS
            span = birth, Instant(birth + 1)
            if birth < relation.upper.at(now):
                return True, relation.leave(span), True
            enter, leave = relation.enter(span), relation.leave(span)
            return FAILS if enter >= leave else (False, enter, True)

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            return explain_person(record, "birth_date", test(record, now)[0], _born)

        moves = relation.lower.moves or relation.upper.moves
        return Compiled(test, explain, _TOUCHES, timed=moves)


def _standing(window: Window, context: Context) -> Relation:
    lower, upper = window.edges(context.wall)
    if isinstance(lower, Hung) or isinstance(upper, Hung):
        context.inside(".birth_date").fault("hangs on a match or on the birth date", "now, today or a date")
        lower = upper = Fixed(ALWAYS)
    return relation("starts", lower, upper)


class BirthMonthCriterion(Criterion):
    """The birth date is in one of these months (1 to 12), or in the month that it is now."""

    birth_month: Months

    def compile(self, context: Context) -> Compiled:
        """Compile to a comparison of months."""
        wall, months = context.wall, self.birth_month

        def test(record: PatientRecord, now: Instant) -> Outcome:
            first = None if record.person is None else born(record.person.birth_date)
            if first is None or record.person is None or len(record.person.birth_date) < 7:
                return FAILS
            if months == "current":
                return _this_month(wall, first.month, now)
            return HOLDS if first.month in months else FAILS

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            return explain_person(record, "birth_month", test(record, now)[0], _born)

        return Compiled(test, explain, _TOUCHES, timed=months == "current")


def _this_month(wall: Wall, month: int, now: Instant) -> Outcome:
    shown = wall.show(now)
    if shown.month == month:
        return True, wall.reach(_month_start(shown.year, month + 1)), True
    return False, wall.reach(_month_start(shown.year + (shown.month > month), month)), True


def _month_start(year: int, month: int) -> datetime:
    return datetime(year + (month > 12), (month - 1) % 12 + 1, 1)


def _born(person: Person, _: bool) -> str:
    return f"born {person.birth_date}" if person.birth_date else "the birth date is not known"

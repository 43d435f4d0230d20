"""The criterion on a patient's age, now or at another instant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from shared.authoring import Authored
from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.birth import age, age_reached, born
from shared.segment.bound import BoundText, parse_bound
from shared.segment.criterion import FAILS, Compiled, Context, Cost, Criterion, Outcome, explain_person
from shared.segment.edge import edge, resolved
from shared.segment.explanation import Explanation
from shared.segment.scene import Scene, hanging
from shared.segment.wall import ALWAYS, NEVER, Wall

type Count = Annotated[StrictInt, Field(ge=0, le=2400)]


class AgeRange(Authored):
    """An age in full years or months, half-open: at least so old, and not yet so old."""

    at_least: Count | None = None
    """Reached on the birthday at 00:00 in the definition's zone."""
    below: Count | None = None
    """Left on the birthday at 00:00."""
    unit: Literal["years", "months"] = "years"
    at: BoundText | None = None
    """When: now if not given; a date counts from its beginning, so that a birthday on it is reached."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.at_least is None and self.below is None:
            raise ValueError("says nothing: give at_least, below or both")
        if self.at_least is not None and self.below is not None and self.at_least >= self.below:
            raise ValueError("is empty: at_least must be less than below")
        return self


class AgeCriterion(Criterion):
    """The patient's age now; a patient whose birth date is not known has no age."""

    age: AgeRange

    def compile(self, context: Context) -> Compiled:
        """Compile to the two birthdays between which the criterion holds."""
        each = 12 if self.age.unit == "years" else 1
        since = age_reached(context.wall, (self.age.at_least or 0) * each)
        until = None if self.age.below is None else age_reached(context.wall, self.age.below * each)
        young = self.age.at_least is None

        def span(birth_date: str) -> Stay:
            start = since(birth_date)
            if young and start != NEVER:
                start = ALWAYS
            return start, NEVER if until is None or start == NEVER else until(birth_date)

        if self.age.at is not None:
            return _at(self.age.at, each, span, context.inside(".age.at"))

        def test(record: PatientRecord, now: Instant) -> Outcome:
            start, end = span("" if record.person is None else record.person.birth_date)
            if now < start:
                return False, start, True
            return (True, end, True) if now < end else FAILS

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            holds = test(record, now)[0]
            return explain_person(record, "age", holds, lambda p, _: _aged(p, context.wall, now, each))

        return Compiled(test, explain, _TOUCHES, timed=True)


type Stay = tuple[Instant, Instant]
_TOUCHES = frozenset({("Patient", "birth_date", "")})


def _at(text: str, each: int, span: Callable[[str], Stay], context: Context) -> Compiled:
    """Compile the age at another instant than now; of a match that finds several, at any of them."""
    bound = parse_bound(text)
    points = hanging(bound.named, context, partial(resolved, edge(bound, "from", context.wall)))

    def test(record: PatientRecord, now: Instant) -> Outcome:
        start, end = span("" if record.person is None else record.person.birth_date)
        found, until = points(Scene(record, now))
        holds = any(start <= point.at(now) < end for point in found)
        turns = [point.reaches(at) for point in found for at in (start, end) if NEVER > at > ALWAYS]
        return holds, min((at for at in (*turns, until) if at > now), default=NEVER), False

    def explain(record: PatientRecord, now: Instant) -> Explanation:
        shown = [point.at(now) for point in points(Scene(record, now))[0]]
        return explain_person(
            record, "age", test(record, now)[0], lambda p, _: _aged_at(p, context.wall, shown, each)
        )

    cost = Cost.MATCHES if bound.named else Cost.PERSON
    return Compiled(test, explain, _TOUCHES | context.touches_of(bound.named), timed=True, cost=cost)


def _aged_at(person: Person, wall: Wall, points: list[Instant], each: int) -> str:
    if not points:
        return "there is no date to take the age at"
    try:
        return f"{_aged(person, wall, points[0], each)} on {wall.show(points[0]).date().isoformat()}"
    except (OverflowError, ValueError):
        return "the age is taken outside the calendar"


def _aged(person: Person, wall: Wall, now: Instant, each: int) -> str:
    if born(person.birth_date) is None:
        return "the birth date is not known"
    years, months = age(person.birth_date, wall.show(now))
    count, unit = (years, "year") if each == 12 else (months, "month")
    return f"aged {count} {unit}{'' if count == 1 else 's'}"

"""The criterion on a patient's age now."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from shared.authoring import Authored
from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.birth import age, age_reached, born
from shared.segment.criterion import FAILS, Compiled, Context, Criterion, Outcome, explain_person
from shared.segment.explanation import Explanation
from shared.segment.wall import ALWAYS, NEVER, Wall

type Count = Annotated[StrictInt, Field(ge=0, le=2400)]


class AgeRange(Authored):
    """An age in full years or months, half-open: at least so old, and not yet so old."""

    at_least: Count | None = None
    """Reached on the birthday at 00:00 in the definition's zone."""
    below: Count | None = None
    """Left on the birthday at 00:00."""
    unit: Literal["years", "months"] = "years"

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

        def test(record: PatientRecord, now: Instant) -> Outcome:
            birth_date = "" if record.person is None else record.person.birth_date
            start = since(birth_date)
            if young and start != NEVER:
                start = ALWAYS
            if now < start:
                return False, start, True
            end = NEVER if until is None else until(birth_date)
            return (True, end, True) if now < end else FAILS

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            holds = test(record, now)[0]
            return explain_person(record, "age", holds, lambda p, _: _aged(p, context.wall, now, each))

        return Compiled(test, explain, frozenset({("Patient", "birth_date", "")}), timed=True)


def _aged(person: Person, wall: Wall, now: Instant, each: int) -> str:
    if born(person.birth_date) is None:
        return "the birth date is not known"
    years, months = age(person.birth_date, wall.show(now))
    count, unit = (years, "year") if each == 12 else (months, "month")
    return f"aged {count} {unit}{'' if count == 1 else 's'}"

"""The criterion on what part of the year it is now."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.authoring import Authored
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.criterion import Compiled, Context, Criterion, Outcome
from shared.segment.explanation import Explanation
from shared.segment.periods import Periods
from shared.segment.wall import Wall


def _day(text: str) -> str:
    month, _, day = text.partition("-")
    try:
        date(2024, int(month), int(day))
    except ValueError:
        raise ValueError('is no month and day such as "09-01"') from None
    return text


type MonthDay = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_day)]


class Season(Authored):
    """A part of every year, first and last day of it; it may run over New Year."""

    from_: MonthDay = Field(alias="from")
    until: MonthDay

    def holds(self, wall: Wall, now: Instant) -> tuple[bool, Instant]:
        """Say whether it is now, and until when that stays so."""
        first, last = _yearly(self.from_), _yearly(self.until)
        begun = first.start(wall, now, 0)
        ends = [wall.midnight(last.start(wall, now, years), 1) for years in (-1, 0, 1)]
        ended = max(end for end in ends if end <= now)
        if begun >= ended:
            return True, min(end for end in ends if end > now)
        return False, first.start(wall, now, 1)


def _yearly(text: str) -> Periods:
    month, _, day = text.partition("-")
    return Periods("year", int(month), int(day))


class SeasonCriterion(Criterion):
    """It is now between these days of the year, in the definition's zone."""

    season: Season

    def compile(self, context: Context) -> Compiled:
        """Compile to a look at the calendar."""
        season, wall = self.season, context.wall

        def test(record: PatientRecord, now: Instant) -> Outcome:
            holds, until = season.holds(wall, now)
            return holds, until, True

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            holds = season.holds(wall, now)[0]
            word = "between" if holds else "not between"
            return Explanation("season", holds, f"it is {word} {season.from_} and {season.until}")

        return Compiled(test, explain, frozenset(), timed=True)

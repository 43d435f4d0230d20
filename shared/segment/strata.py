"""What a preview counts a member under, asked of the record as shared.segment.sql.preview asks columns.

Age band, sex, language and channel: nothing else of a person is told of a segment that nobody is in yet.
"""

from __future__ import annotations

from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.birth import age_reached
from shared.segment.criteria.reach import ReachableCriterion
from shared.segment.criterion import Context
from shared.segment.sql.preview import BANDS, BREAKDOWNS, CHANNELS, NONE, UNKNOWN
from shared.segment.valuesets import ValueSets
from shared.segment.wall import Wall


class Strata:
    """Says under which word of each breakdown somebody falls at an instant."""

    def __init__(self, wall: Wall, now: Instant) -> None:
        """`wall` is the clock of birthdays: the definition's zone, else the organisation's."""
        self._now = now
        self._bands = [(age_reached(wall, years * 12), name) for years, name in BANDS]
        context = Context(ValueSets.of([]), wall, {}, "", [])
        self._channels = [
            (ReachableCriterion.model_validate({"reachable_by": channel}).compile(context).test, channel)
            for channel in CHANNELS
        ]

    def of(self, record: PatientRecord) -> dict[str, str]:
        """Return a word for each of BREAKDOWNS; of somebody who is not known, nothing."""
        person = record.person
        if person is None:
            return {}
        language = person.languages[0].lower().partition("-")[0] if person.languages else ""
        words = (self._band(person.birth_date), person.gender or UNKNOWN, language or UNKNOWN)
        return dict(zip(BREAKDOWNS, (*words, self._channel(record)), strict=True))

    def _band(self, birth_date: str) -> str:
        return next((name for reached, name in self._bands if reached(birth_date) <= self._now), UNKNOWN)

    def _channel(self, record: PatientRecord) -> str:
        return next((channel for test, channel in self._channels if test(record, self._now)[0]), NONE)

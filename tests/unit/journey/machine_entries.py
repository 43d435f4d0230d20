"""Who ever entered which journey, and whether the re-entry rule of that moment allowed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC

from shared.catalogue import Catalogue
from shared.fhir.calendar import add
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.gate import GATE
from shared.journey.schedule import SCHEDULED
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment


class Entries:
    """The passages of a life; only what stayed in the record between two events is seen of them."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.causes: dict[str, set[str]] = defaultdict(set)
        self.focuses: dict[str, set[str]] = defaultdict(set)

    def made(
        self, before: PatientRecord, after: PatientRecord, catalogue: Catalogue, now: Instant
    ) -> Iterator[str]:
        """Look at those who are new in the record."""
        for enrolment_id in before.enrolments.keys() - after.enrolments.keys():
            left = before.enrolments[enrolment_id]
            if left.step == SCHEDULED:  # only expected: as if it had never been
                self.focuses[split_canonical(left.journey)[0]].discard(left.focus)
        for enrolment in after.enrolments.values():
            held = before.enrolments.get(enrolment.enrolment_id)
            if held is not None and held.sequence > enrolment.sequence:
                yield f"{enrolment} has gone back from {held}"
            if held is None:
                yield from self._entered(before, after, enrolment, catalogue, now)

    def _entered(
        self,
        before: PatientRecord,
        after: PatientRecord,
        enrolment: Enrolment,
        catalogue: Catalogue,
        now: Instant,
    ) -> Iterator[str]:
        url, _ = split_canonical(enrolment.journey)
        journey = catalogue.journeys.latest(url)
        assert journey is not None
        if enrolment.enrolment_id in self.seen:
            yield f"{enrolment} has come back"
        if enrolment.journey != journey.canonical:
            yield f"{enrolment} entered an old version"
        if enrolment.cause in self.causes[url]:
            yield f"{enrolment} entered twice for one cause"
        if journey.limits and enrolment.step not in (GATE, SCHEDULED):
            yield f"{enrolment} went by the gate"
        yield from self._ruled(before, after, enrolment, journey, now)
        self.seen.add(enrolment.enrolment_id)
        self.causes[url].add(enrolment.cause)
        if enrolment.focus:
            self.focuses[url].add(enrolment.focus)

    def _ruled(
        self,
        before: PatientRecord,
        after: PatientRecord,
        enrolment: Enrolment,
        journey: CompiledJourney,
        now: Instant,
    ) -> Iterator[str]:
        history, rule = before.history.get(journey.url), journey.admission.re_entry
        if history is None or journey.trigger.date is not None or journey.every is not None:
            return
        others = [
            other
            for other in after.enrolments.values()
            if split_canonical(other.journey)[0] == journey.url
            and other.enrolment_id != enrolment.enrolment_id
        ]
        if rule == "never":
            yield f"{enrolment} entered again, ever"
        if rule == "per-focus" and enrolment.focus in self.focuses[journey.url]:
            yield f"{enrolment} entered again for its focus"
        if rule in ("after-exit", "after-a-while") and others:
            yield f"{enrolment} entered while still inside: {others}"
        if rule == "after-a-while" and now < add(history.last_entered, journey.admission.pause, UTC):
            yield f"{enrolment} entered again too soon"

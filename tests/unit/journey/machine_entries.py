"""Who ever entered which journey, and whether the re-entry rule of that moment allowed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct, field

from shared.catalogue import Catalogue
from shared.fhir.calendar import add
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.journey.compile import CompiledJourney
from shared.journey.gate import GATE
from shared.journey.schedule import SCHEDULED
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Enrolment


class Passages(Struct):
    """What is remembered of one journey."""

    causes: set[str] = field(default_factory=set)
    focuses: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Enrolments by their focus; those that never came to begin left out."""
    begun: dict[str, Instant] = field(default_factory=dict)
    """When each enrolment began."""


class Entries:
    """The passages of a life, by the record and by what the timeline says."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.of: dict[str, Passages] = defaultdict(Passages)

    def made(
        self, before: PatientRecord, decision: Decision, catalogue: Catalogue, now: Instant
    ) -> Iterator[str]:
        """Look at those who are new, and at those who began."""
        after = decision.record
        begun = dict(_begun(decision.timeline))
        for enrolment_id in before.enrolments.keys() - after.enrolments.keys():
            left = before.enrolments[enrolment_id]
            if left.step in (SCHEDULED, GATE) and enrolment_id not in begun:  # as if they had never been
                self._passages(left).focuses[left.focus].discard(enrolment_id)
        for enrolment in after.enrolments.values():
            held = before.enrolments.get(enrolment.enrolment_id)
            if held is not None and held.sequence > enrolment.sequence:
                yield f"{enrolment} has gone back from {held}"
            if held is None:
                yield from self._entered(after, enrolment, catalogue, now)
        for enrolment_id, url in begun.items():
            yield from self._began(enrolment_id, url, catalogue)
            self.of[url].begun[enrolment_id] = now

    def _passages(self, enrolment: Enrolment) -> Passages:
        return self.of[split_canonical(enrolment.journey)[0]]

    def _entered(
        self, after: PatientRecord, enrolment: Enrolment, catalogue: Catalogue, now: Instant
    ) -> Iterator[str]:
        url, _ = split_canonical(enrolment.journey)
        journey, passages = catalogue.journeys.latest(url), self.of[url]
        assert journey is not None
        if enrolment.enrolment_id in self.seen:
            yield f"{enrolment} has come back"
        if enrolment.journey != journey.canonical:
            yield f"{enrolment} entered an old version"
        if enrolment.cause in passages.causes:
            yield f"{enrolment} entered twice for one cause"
        if journey.limits and enrolment.step not in (GATE, SCHEDULED):
            yield f"{enrolment} went by the gate"
        if journey.trigger.date is None and journey.every is None:
            yield from _ruled(passages, after, enrolment, journey, now)
        self.seen.add(enrolment.enrolment_id)
        passages.causes.add(enrolment.cause)
        if enrolment.focus:
            passages.focuses[enrolment.focus].add(enrolment.enrolment_id)

    def _began(self, enrolment_id: str, url: str, catalogue: Catalogue) -> Iterator[str]:
        """See that nobody begins for the second time where that is never; also who is out again at once."""
        journey, begun = catalogue.journeys.latest(url), self.of[url].begun
        assert journey is not None
        repeats = journey.trigger.date is not None or journey.every is not None
        fresh = enrolment_id not in self.seen and not repeats
        if fresh and begun and journey.admission.re_entry == "never":
            yield f"{enrolment_id} began after {[*begun]}, though never again"


def _ruled(
    passages: Passages, after: PatientRecord, enrolment: Enrolment, journey: CompiledJourney, now: Instant
) -> Iterator[str]:
    rule = journey.admission.re_entry
    inside = [
        other
        for other in after.enrolments.values()
        if split_canonical(other.journey)[0] == journey.url and other.enrolment_id != enrolment.enrolment_id
    ]
    begun = passages.begun.keys() - {enrolment.enrolment_id}
    if rule == "never" and (begun or inside):
        yield f"{enrolment} entered again, ever"
    if rule == "per-focus" and passages.focuses[enrolment.focus] and enrolment.focus:
        yield f"{enrolment} entered again for its focus"
    if rule in ("after-exit", "after-a-while") and inside:
        yield f"{enrolment} entered while still inside: {inside}"
    last = max((passages.begun[each] for each in begun), default=None)
    if (
        rule == "after-a-while"
        and last is not None
        and now < add(last, journey.admission.pause, journey.zone)
    ):
        yield f"{enrolment} entered again too soon"


def _begun(timeline: tuple[TimelineLine, ...]) -> Iterator[tuple[str, str]]:
    """Walk who began, and in which journey (by url)."""
    for line in timeline:
        if line.kind == "journey" and line.text.startswith("Entered "):
            yield line.refs[1], split_canonical(line.refs[0])[0]

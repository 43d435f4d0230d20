"""Which segments a change or an instant can touch, found without looking at the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.fhir.fact import MEDICATION_KINDS, Fact, Person
from shared.fhir.instants import Instant
from shared.fhir.lens import union
from shared.patient.apply import FactChanged
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.segment.compiled import CompiledSegment
from shared.segment.criterion import Touch

_FACT_WORDS = ("intent", "category", "class", "priority")
_PERSON_ELEMENTS = tuple(
    f for f in Person.__struct_fields__ if f not in ("resource_id", "version", "updated")
)
_NO_FACTS = Facts()


class SegmentIndex:
    """All published segments, by what they read; each after those that it refers to."""

    def __init__(self, segments: Iterable[CompiledSegment]) -> None:
        self.all = tuple(_ordered({segment.url: segment for segment in segments}))
        """Every segment, in the order in which they are to be evaluated."""
        self.lens = union(segment.lens for segment in self.all)
        """What all of them together ask of resources."""
        self._places = {segment.url: place for place, segment in enumerate(self.all)}
        touching: dict[Touch, list[int]] = {}
        for place, segment in enumerate(self.all):
            for touch in segment.touches:
                touching.setdefault(touch, []).append(place)
        self._touching = {touch: tuple(places) for touch, places in touching.items()}
        self._uses = tuple(t for t in touching if t[0] in MEDICATION_KINDS and t[1] != "code")
        """What is read of a medication's use other than its code: its title may be the Medication's."""
        self._since: dict[int, tuple[CompiledSegment, ...]] = {}

    def __len__(self) -> int:
        return len(self.all)

    def __contains__(self, url: object) -> bool:
        return url in self._places

    def get(self, url: str) -> CompiledSegment | None:
        """Return the segment of a url."""
        place = self._places.get(url)
        return None if place is None else self.all[place]

    def touched_by(self, changed: FactChanged, facts: Facts = _NO_FACTS) -> tuple[CompiledSegment, ...]:
        """Return the segments whose answer the change could alter, by what was and what is.

        `facts` are the record's, after the change: what refers to a Medication has its codes. A patient who
        was not known before concerns all segments: facts may have come first.
        """
        if isinstance(changed.after, Person):
            if changed.before is None:
                return self.all
            return self._at(_person_touches(changed.before, changed.after))
        both = [fact for fact in (changed.before, changed.after) if isinstance(fact, Fact)]
        touches = [touch for fact in both for touch in _fact_touches(fact, facts)]
        if both[-1].resource_type == "Medication":
            touches += (
                (kind, "code", code) for kind in MEDICATION_KINDS for fact in both for code in fact.codes
            )
            touches += self._uses
        return self._at(touches)

    def touched_by_opt_out(self) -> tuple[CompiledSegment, ...]:
        """Return the segments that ask whether a patient can be reached."""
        return self._at([("Patient", "opt_outs", "")])

    def due(self, record: PatientRecord, now: Instant) -> tuple[CompiledSegment, ...]:
        """Return the segments whose next flip for this patient has come."""
        urls = (
            url for url, m in record.memberships.items() if m.next_flip is not None and m.next_flip <= now
        )
        places = sorted(self._places[url] for url in urls if url in self._places)
        return tuple(self.all[place] for place in places)

    def since(self, publication: int) -> tuple[CompiledSegment, ...]:
        """Return the segments that a later publication may have changed."""
        found = self._since.get(publication)
        if found is None:
            found = tuple(segment for segment in self.all if segment.published_in > publication)
            self._since[publication] = found
        return found

    def stale(self, record: PatientRecord, publication: int, now: Instant) -> tuple[CompiledSegment, ...]:
        """Return the segments to look at where a publication was the latest that the patient has seen."""
        changed = self.since(publication)
        if len(changed) == len(self.all):
            return changed
        wanted = {segment.url for segment in (*changed, *self.due(record, now))}
        return tuple(self.all[place] for place in sorted(self._places[url] for url in wanted))

    def _at(self, touches: Iterable[Touch]) -> tuple[CompiledSegment, ...]:
        found: set[int] = set()
        for touch in touches:
            found.update(self._touching.get(touch, ()))
        return tuple(self.all[place] for place in sorted(found))


def _fact_touches(fact: Fact, facts: Facts) -> Iterator[Touch]:
    kind = fact.resource_type
    yield kind, "", ""
    yield kind, "status", fact.status
    for code in facts.codes_of(fact):
        yield kind, "code", code
    for word in _FACT_WORDS:
        for value in fact.attributes.get(word, ()):
            yield kind, word, value.rpartition("|")[2]


def _person_touches(before: Fact | Person, after: Person) -> Iterator[Touch]:
    for element in _PERSON_ELEMENTS:
        if getattr(before, element, None) != getattr(after, element):
            yield "Patient", element, ""


def _ordered(segments: dict[str, CompiledSegment]) -> Iterator[CompiledSegment]:
    """Yield each segment after those it refers to, otherwise in the order given."""
    done: set[str] = set()

    def visit(url: str) -> Iterator[CompiledSegment]:
        if url not in done and url in segments:
            done.add(url)
            for other in segments[url].depends:
                yield from visit(other)
            yield segments[url]

    for url in segments:
        yield from visit(url)

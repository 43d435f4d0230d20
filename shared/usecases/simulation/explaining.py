"""Play one patient and tell what happens to them; where gates make others matter, with all the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from shared.events import Event
from shared.fhir.instants import Instant, iso
from shared.patient.record import Decision, PatientRecord
from shared.usecases.simulation.company import Company
from shared.usecases.simulation.life import Watch
from shared.usecases.simulation.playing import Parcel, unparcel
from shared.usecases.simulation.stage import Plan, set_stage
from shared.usecases.simulation.story import Moment, Story


class Future(Struct, frozen=True):
    """What happens to a patient, and how they stand at the end."""

    moments: tuple[Moment, ...]
    standing: tuple[str, ...]


class Both:
    """Lets two watch; the first keeps count of enrolments."""

    def __init__(self, first: Watch, second: Watch) -> None:
        self._first, self._second = first, second

    @property
    def begun(self) -> Iterable[str]:
        """See Watch."""
        return self._first.begun

    def saw(self, now: Instant, events: Sequence[Event], before: PatientRecord, decision: Decision) -> None:
        """See Watch."""
        self._first.saw(now, events, before, decision)
        self._second.saw(now, events, before, decision)


def explain(
    parcels: Callable[[], Iterable[Parcel]], plan: Plan, key: str, progress: Callable[[int], object]
) -> Future | None:
    """Tell a patient's future; None where there is no such patient. Raises Invalid, ValueError."""
    stage, story = set_stage(plan), Story()
    company = Company(stage, lambda record, watch: Both(watch, story) if record.key == key else watch)
    found = False
    for done, packed in enumerate(parcels(), 1):
        if packed.key == key or stage.gated:
            found |= packed.key == key
            record, arrivals = unparcel(packed)
            company.add(record, arrivals)
        progress(done)
    company.close()
    return Future(tuple(story.moments), tuple(_standing(company.ends.get(key)))) if found else None


def _standing(record: PatientRecord | None) -> Iterator[str]:
    for enrolment in record.enrolments.values() if record is not None else ():
        until = f" until {iso(enrolment.due)}" if enrolment.due is not None else ""
        hold = f", on hold: {enrolment.reason}" if enrolment.status == "on-hold" else ""
        yield f"{enrolment.journey} at {enrolment.step}{until}{hold}"

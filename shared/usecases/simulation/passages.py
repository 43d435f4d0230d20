"""Follows one patient's enrolments through a dry run: who is expected, waits at a gate, is in, has left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from shared.effects import IndexEnrolment
from shared.fhir.canonical import split_canonical
from shared.journey.gate import GATE
from shared.journey.schedule import SCHEDULED
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Enrolment


class Left(Struct, frozen=True):
    """An enrolment that was in its journey and has ended."""

    row: IndexEnrolment
    reason: str


class Passages:
    """What is known of the enrolments of one patient, and what the latest decision has changed."""

    __slots__ = ("_began", "_waits", "begun", "left", "waiting")

    def __init__(self, record: PatientRecord) -> None:
        self._began = {e.enrolment_id for e in record.enrolments.values() if is_in(e)}
        self._waits = {e.enrolment_id for e in record.enrolments.values() if e.step == GATE}
        self.begun: dict[str, str] = {}
        """Enrolments that were let in, each with the url of its journey."""
        self.waiting: tuple[str, ...] = ()
        """Urls of the journeys before whose gates waiting began."""
        self.left: list[Left] = []

    def follow(self, decision: Decision) -> None:
        """Take in a decision, while the outbox of its record holds what it put there."""
        ended = [row for row in _rows(decision.record) if row.status in ("completed", "revoked")]
        self.begun = dict(self._let_in(decision, ended))
        self._began.update(self.begun)
        self.waiting = tuple(self._new_at_gate(decision.record))
        self.left = [
            Left(row, why_left(row.enrolment_id, decision.timeline))
            for row in ended
            if row.enrolment_id in self._began
        ]

    def _let_in(self, decision: Decision, ended: Iterable[IndexEnrolment]) -> Iterator[tuple[str, str]]:
        for enrolment in decision.record.enrolments.values():
            if is_in(enrolment) and enrolment.enrolment_id not in self._began:
                yield enrolment.enrolment_id, enrolment.journey_url
        for row in ended:
            if row.enrolment_id not in self._began and _entered(row, decision.timeline):
                yield row.enrolment_id, split_canonical(row.journey)[0]

    def _new_at_gate(self, record: PatientRecord) -> Iterator[str]:
        for enrolment in record.enrolments.values():
            if enrolment.step == GATE and enrolment.enrolment_id not in self._waits:
                self._waits.add(enrolment.enrolment_id)
                yield enrolment.journey_url


def is_in(enrolment: Enrolment) -> bool:
    """Say whether somebody is past what stands before the first step."""
    return enrolment.step not in (SCHEDULED, GATE)


def _entered(row: IndexEnrolment, timeline: Iterable[TimelineLine]) -> bool:
    """Say whether somebody was let in who has left with one and the same decision."""
    return any(line.text.startswith("Entered ") and row.enrolment_id in line.refs for line in timeline)


def why_left(enrolment_id: str, timeline: Iterable[TimelineLine]) -> str:
    """Return the last line about an enrolment: the one that says why it ended."""
    said = [line.text for line in timeline if line.kind == "journey" and enrolment_id in line.refs]
    return said[-1] if said else ""


def _rows(record: PatientRecord) -> Iterator[IndexEnrolment]:
    for effect in record.outbox.values():
        if isinstance(effect, IndexEnrolment):
            yield effect

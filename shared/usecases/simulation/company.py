"""Many lives on one stage: each for itself, or together where a gate makes one's turn depend on others'."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from shared.events import EntryGranted, Event
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.usecases.simulation.counting import Counting, Counts
from shared.usecases.simulation.gates import Gate, at_gate, gates_of, holds_open
from shared.usecases.simulation.life import Life, Watch
from shared.usecases.simulation.stage import Stage, prepared

type Beside = Callable[[PatientRecord, Watch], Watch]
type Arrivals = Iterable[tuple[Instant, Event]]


class Company:
    """Plays patients; `counts` and `marks` are whole once it is closed."""

    def __init__(self, stage: Stage, beside: Beside = lambda record, watch: watch) -> None:
        """Set up; `beside` may have somebody else watch a patient as well."""
        self._stage, self._beside = stage, beside
        self._gates = gates_of(stage)
        self._slotted = {url: gate for url, gate in self._gates.items() if gate.by_slots}
        self._held: dict[str, frozenset[str]] = {}
        """Invitations that patients (by key) hold, where slots set the pace."""
        self._lives: dict[str, tuple[Life, Counting]] = {}
        """Those whose next step must wait for its turn among all."""
        self._turns: list[tuple[Instant, str]] = []
        self.counts: Counts = Counts()
        self.marks: dict[str, bytes] = {}
        """By patient id, a digest of what they got; those who got nothing are left out."""
        self.ends: dict[str, PatientRecord] = {}
        """By key, how those stand in the end whom somebody else watched."""

    def add(self, record: PatientRecord, arrivals: Arrivals = ()) -> None:
        """Play a patient, to the end unless they come to wait at a gate."""
        record = prepared(record, self._stage.catalogue)
        counting = Counting(record, self._stage, self.counts)
        watch = self._beside(record, counting)
        if watch is not counting:
            self.ends[record.key] = record
        life = Life(record, self._stage, watch, arrivals)
        life.begin()
        self._go_on(life, counting)

    def close(self) -> None:
        """Play those who wait at gates to the end, in the order of the clock."""
        while (now := self._next()) is not None:
            if self._turns and self._turns[0][0] == now:
                _, key = heappop(self._turns)
                self._turn(key, now)
            else:
                gate = next(gate for gate in self._gates.values() if gate.looks == now)
                self._look(gate, now)
        for life, counting in self._lives.values():
            self._over(life, counting)
        self._lives.clear()

    def _next(self) -> Instant | None:
        looks = (gate.looks for gate in self._gates.values())
        turns = (self._turns[0][0],) if self._turns else ()
        found = min((at for at in (*looks, *turns) if at is not None), default=None)
        return found if found is not None and found < self._stage.plan.end else None

    def _turn(self, key: str, now: Instant) -> None:
        """Let one of those who wait do what is next for them, if it is still that."""
        held = self._lives.get(key)
        if held is None or held[0].due != now:
            return
        held[0].step()
        self._go_on(*held)

    def _look(self, gate: Gate, now: Instant) -> None:
        for key, enrolment_id in gate.let_in(now, self._waits):
            life, counting = self._lives[key]
            life.meet(EntryGranted(enrolment_id), now)
            self._go_on(life, counting)

    def _waits(self, key: str, enrolment_id: str) -> bool:
        held = self._lives.get(key)
        return held is not None and any(e.enrolment_id == enrolment_id for e in at_gate(held[0].record))

    def _go_on(self, life: Life, counting: Counting) -> None:
        """Play on until the end, or until others matter: at a gate, or holding a place they wait for."""
        while not self._shared(life) and life.due is not None:
            life.step()
        if not self._shared(life):
            self._lives.pop(life.record.key, None)
            self._over(life, counting)
            return
        self._lives[life.record.key] = (life, counting)
        if (due := life.due) is not None:
            heappush(self._turns, (due, life.record.key))

    def _shared(self, life: Life) -> bool:
        """Put whoever has come to a gate into its queue; say whether the life hangs together with others'."""
        if not self._gates:
            return False
        record, shared = life.record, False
        for enrolment in at_gate(record):
            url, _ = split_canonical(enrolment.journey)
            self._gates[url].wait(enrolment.arrived or life.now, record.key, enrolment.enrolment_id)
            shared = True
        return self._holds_places(life) or shared

    def _holds_places(self, life: Life) -> bool:
        """Keep count of the invitations that a patient holds, where slots set the pace."""
        if not self._slotted:
            return False
        key, before = life.record.key, self._held.get(life.record.key, frozenset())
        open_ones = [e for e in life.record.enrolments.values() if holds_open(e)]
        held = dict[str, set[str]]()
        for enrolment in open_ones:
            held.setdefault(enrolment.journey_url, set()).add(enrolment.enrolment_id)
        for url, gate in self._slotted.items():
            gate.holds(life.now, before, held.get(url, ()))
        self._held[key] = frozenset(id_ for url in self._slotted for id_ in held.get(url, ()))
        return bool(self._held[key])

    def _over(self, life: Life, counting: Counting) -> None:
        mark = counting.close(life.record)
        if life.record.key in self.ends:
            self.ends[life.record.key] = life.record
        if mark:
            self.marks[life.record.patient_id] = mark

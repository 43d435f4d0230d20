"""The criterion on when the patient died."""

from __future__ import annotations

from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.criterion import Compiled, Context, Criterion, Outcome, explain_person
from shared.segment.explanation import Explanation
from shared.segment.scene import Scene, hanging
from shared.segment.wall import NEVER, Wall
from shared.segment.when import When
from shared.segment.window import AnyWindow

_TOUCHES = frozenset({("Patient", "deceased_at", "")})


class DeathCriterion(Criterion):
    """The patient died in the window; never so where the date is not known. Say `include_deceased` too."""

    died: AnyWindow

    def compile(self, context: Context) -> Compiled:
        """Compile to a window over the date of death; where it hangs on a match, on any that is found."""
        window, wall = self.died, context.wall
        (hung,) = When(starts=window).hung(wall)
        relations = hanging(window.named, context.inside(".died"), hung.resolve)

        def test(record: PatientRecord, now: Instant) -> Outcome:
            died = None if record.person is None else record.person.deceased_at
            if died is None:
                return False, NEVER, True
            span = died, Instant(died + 1)
            found, until = relations(Scene(record, now))
            stays = [(relation.enter(span), relation.leave(span)) for relation in found]
            turns = [at for stay in stays for at in stay if now < at < NEVER]
            return any(enter <= now < leave for enter, leave in stays), min([*turns, until]), False

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            return explain_person(record, "died", test(record, now)[0], lambda p, _: _died(p, wall))

        birthday = {("Patient", "birth_date", "")} if window.hangs else set()
        touched = _TOUCHES.union(birthday, context.touches_of(window.named))
        return Compiled(test, explain, touched, timed=True)


def _died(person: Person, wall: Wall) -> str:
    if person.deceased_at is None:
        return "the date of death is not known" if person.deceased else "the patient is alive"
    return f"died {wall.show(person.deceased_at).date().isoformat()}"

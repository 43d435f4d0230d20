"""The criterion on when the patient died."""

from __future__ import annotations

from shared.fhir.fact import Person
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.segment.criterion import Compiled, Context, Criterion, Outcome, explain_person
from shared.segment.explanation import Explanation
from shared.segment.scene import Scene, births, views
from shared.segment.wall import NEVER, Wall
from shared.segment.when import Relation, When
from shared.segment.window import AnyWindow

_TOUCHES = frozenset({("Patient", "deceased_at", "")})


class DeathCriterion(Criterion):
    """The patient died in the window; never so where the date is not known. Say `include_deceased` too."""

    died: AnyWindow

    def compile(self, context: Context) -> Compiled:
        """Compile to a window over the date of death; where it hangs on a match, on any that is found."""
        window, wall = self.died, context.wall
        (hung,) = When(starts=window).hung(wall)
        give, birth = views(window.named, context.inside(".died")), births(wall)

        def relations(record: PatientRecord, now: Instant) -> tuple[list[Relation], Instant]:
            ways, until = give(Scene(record, now))
            born = birth(record)
            found = (hung.resolve(bound_to, born) for bound_to in ways)
            return [relation for relation in found if relation is not None], until

        def test(record: PatientRecord, now: Instant) -> Outcome:
            died = None if record.person is None else record.person.deceased_at
            if died is None:
                return False, NEVER, True
            span = died, Instant(died + 1)
            found, until = relations(record, now)
            stays = [(relation.enter(span), relation.leave(span)) for relation in found]
            turns = [at for stay in stays for at in stay if now < at < NEVER]
            return any(enter <= now < leave for enter, leave in stays), min([*turns, until]), False

        def explain(record: PatientRecord, now: Instant) -> Explanation:
            return explain_person(record, "died", test(record, now)[0], lambda p, _: _died(p, wall))

        touched = (context.matches[name].touches for name in window.named & context.matches.keys())
        birthday = {("Patient", "birth_date", "")} if window.hangs else set()
        return Compiled(test, explain, _TOUCHES.union(birthday, *touched), timed=True)


def _died(person: Person, wall: Wall) -> str:
    if person.deceased_at is None:
        return "the date of death is not known" if person.deceased else "the patient is alive"
    return f"died {wall.show(person.deceased_at).date().isoformat()}"

"""Random journeys, random events: what must hold whatever happens.

An enrolment is always in exactly one step of its journey, waits for something that can come, and never sleeps
past its due; there are never two messages for one (enrolment, sequence) unless the first is known not to have
arrived; nothing goes out after an opt-out or a death, or while it is switched off; whoever reaches a goal is
out; entry rules hold; the roster agrees; an event that comes again changes nothing; the same history gives
the same record. The checks stand in machine_watch, machine_standing and machine_entries.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.unit.journey import machine_happenings as what
from tests.unit.journey.machine_happenings import Happening
from tests.unit.journey.machine_life import PERSON, Life, relive
from tests.unit.journey.random_journeys import journeys
from tests.unit.journey.random_steps import Json


class JourneyMachine(RuleBasedStateMachine):
    """One patient's life."""

    life: Life

    @initialize(bodies=st.tuples(journeys(1), journeys(2), journeys(3)))
    def begin(self, bodies: tuple[Json, ...]) -> None:
        self.life = Life(bodies)
        self.life.happen(*what.person(self.life, {"birth_date": PERSON.birth_date}))

    @rule(happening=what.visits)
    def the_hospital_books(self, happening: Happening) -> None:
        happening.to(self.life)

    @rule(happening=what.clinical)
    def the_hospital_writes(self, happening: Happening) -> None:
        happening.to(self.life)

    @rule(happening=st.one_of(what.replies, what.people, what.tidings))
    def somebody_says(self, happening: Happening) -> None:
        happening.to(self.life)

    @rule(happening=st.one_of(what.answers, what.reports, what.reports, what.troubles))
    def the_provider_does(self, happening: Happening) -> None:
        happening.to(self.life)

    @rule(happening=st.one_of(what.commands, what.commands, what.switches))
    def staff_ask(self, happening: Happening) -> None:
        happening.to(self.life)

    @rule(happening=what.publications)
    def an_author_publishes(self, happening: Happening) -> None:
        happening.to(self.life)

    @rule(happening=what.times)
    def time_passes(self, happening: Happening) -> None:
        happening.to(self.life)

    @rule(happening=what.endings)
    @precondition(lambda self: len(self.life.lived) > 40)
    def it_ends(self, happening: Happening) -> None:
        happening.to(self.life)

    def teardown(self) -> None:
        """Live the same history again, kept in memory and packed between any two events: nothing differs."""
        if hasattr(self, "life"):
            assert relive(self.life) == self.life.record
            assert relive(self.life, stored=True) == self.life.record


TestJourneyMachine = JourneyMachine.TestCase
TestJourneyMachine.settings = settings(
    max_examples=80, stateful_step_count=25, deadline=None, derandomize=True
)

"""Random journeys and random events: what must hold whatever happens.

An enrolment is always in exactly one step of its journey and never sleeps past its due; there are never two
messages for one (enrolment, sequence); nothing goes out after an opt-out or a death; the same history tells
the same story; a wake-up with nothing due changes nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.fhir.instants import DAY, HOUR, MINUTE, Instant, iso, parse_instant
from shared.journey.advance import on_wakeup
from tests.golden.play import Play
from tests.unit.journey.random_journeys import SEGMENT, TEMPLATE_DOCUMENT, journeys

START = parse_instant("2026-03-01T12:00:00Z")
PHONE = "+12125550142"

pauses = st.sampled_from([0, MINUTE, HOUR, DAY, 10 * DAY])
answers = st.sampled_from(
    [
        {"outcome": "accepted", "provider_id": "x"},
        {"outcome": "refused", "reason": "no"},
        {"outcome": "deferred", "reason": "busy"},
        {"outcome": "unknown", "reason": "lost"},
        {"outcome": "silence"},
    ]
)


class JourneyMachine(RuleBasedStateMachine):
    """One patient's life."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.history: list[dict[str, Any]] = []
        self.scenario: dict[str, Any] = {}
        self.play: Play
        self.version = 0
        self.silent: set[str] = set()
        self.dead = False
        self.member = False
        self.sent_when_allowed = 0

    @initialize(first=journeys(1), second=journeys(2))
    def publish(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        self.scenario = {
            "journeys": [first, second],
            "templates": [TEMPLATE_DOCUMENT],
            "policy": {"zone": "America/New_York"},
            "patient": {"phone": PHONE, "email": "a@example.org"},
        }
        self.play = Play(self.scenario)
        self.flip(0)
        self.appointment(0, 1, "booked", 9, 0)

    def happen(self, pause: int, **what: Any) -> None:
        self.now = Instant(self.now + pause)
        self.play.sleep_until(self.now)  # what was due before goes out under the rules of before
        self.check_sends()
        happening = {"at": iso(self.now), **what}
        self.history.append(happening)
        self.before = len(self.play.story)
        self.play.run([happening])

    def check_sends(self) -> None:
        """Look at everything sent since the last look, under what was allowed all that time."""
        fresh = [line for line in self.play.story[self.sent_when_allowed :] if line[16:19] == " > "]
        for line in fresh:
            channel = line[19:].partition(" ")[0]
            assert not self.dead, line
            assert channel not in self.silent, line
        self.sent_when_allowed = len(self.play.story)

    @rule(
        pause=pauses,
        number=st.integers(1, 2),
        status=st.sampled_from(["booked", "booked", "booked", "cancelled", "noshow", "fulfilled"]),
        days=st.sampled_from([-5, 0, 1, 2, 4, 9, 30]),
        minutes=st.integers(0, 1440),
    )
    def appointment(self, pause: int, number: int, status: str, days: int, minutes: int) -> None:
        self.version += 1
        start = Instant(self.now + days * DAY + minutes * MINUTE)
        fact = {"reference": f"Appointment/a{number}", "version": self.version, "status": status}
        self.happen(pause, fact=fact | {"start": iso(start), "end": iso(Instant(start + HOUR))})
        self.check_sends()

    @rule(pause=pauses, days=st.sampled_from([1, 2, 5, 20]), again=st.integers(2, 4))
    def moved_about(self, pause: int, days: int, again: int) -> None:
        for n in range(again):
            self.appointment(pause, 1, "booked", days + n, 0)

    @rule(pause=pauses, number=st.integers(1, 2))
    def deleted(self, pause: int, number: int) -> None:
        self.version += 1
        self.happen(
            pause, fact={"reference": f"Appointment/a{number}", "version": self.version, "gone": True}
        )
        self.check_sends()

    @rule(pause=pauses)
    def flip(self, pause: int) -> None:
        self.member = not self.member
        self.happen(pause, segment={"url": SEGMENT, "entered": self.member})
        self.check_sends()

    @rule(pause=pauses, language=st.sampled_from(["en", "es-MX", "zz"]))
    @precondition(lambda self: not self.dead)
    def speak(self, pause: int, language: str) -> None:
        self.happen(pause, patient={"languages": [language]})
        self.check_sends()

    @rule(pause=pauses)
    @precondition(lambda self: not self.dead and len(self.history) > 5)
    def die(self, pause: int) -> None:
        self.happen(pause, patient={"deceased": True})
        self.dead = True
        self.check_sends()

    @rule(pause=pauses, word=st.sampled_from(["STOP", "STOP", "start", "hello"]))
    def reply(self, pause: int, word: str) -> None:
        self.happen(pause, reply={"from": PHONE, "text": word})
        change = {"STOP": self.silent.add, "start": self.silent.discard}.get(word)
        if change:
            change("sms")
        self.check_sends()

    @rule(said=st.lists(answers, min_size=1, max_size=3), again=st.booleans())
    def provider(self, said: list[dict[str, Any]], again: bool) -> None:
        self.happen(HOUR, **({"restart": {}} if again else {"answers": said}))
        self.check_sends()

    @rule(pause=pauses, status=st.sampled_from(["delivered", "failed", "opened"]), pick=st.integers(0, 99))
    @precondition(lambda self: self.play.sent)
    def report(self, pause: int, status: str, pick: int) -> None:
        self.happen(pause, report={"of": pick % len(self.play.sent) + 1, "status": status})
        self.check_sends()

    @invariant()
    def each_enrolment_stands_at_one_step_and_waits_for_what_is_to_come(self) -> None:
        if not self.scenario:
            return
        for key, enrolment in self.play.record.enrolments.items():
            journey = self.play.journeys.get(enrolment.journey)
            assert journey is not None
            assert key == enrolment.enrolment_id
            assert enrolment.status in ("active", "on-hold")
            assert enrolment.step in journey.steps
            if enrolment.status == "active":
                assert journey.steps[enrolment.step].kind == "wait"
                assert enrolment.due is not None
                assert enrolment.due > self.now
        assert not (self.dead and self.play.record.enrolments)

    @invariant()
    def one_message_for_one_intent(self) -> None:
        if not self.scenario:
            return
        intents = Counter((m.enrolment_id, m.sequence) for m in self.play.planned)
        assert not [intent for intent, count in intents.items() if count > 1]
        assert len({m.message_id for m in self.play.planned}) == len(self.play.planned)

    @invariant()
    def a_wakeup_with_nothing_due_changes_nothing(self) -> None:
        if self.scenario:
            sprint = on_wakeup(self.play.record, self.play.journeys, self.now)
            assert sprint.record is self.play.record
            assert not sprint.timeline

    def teardown(self) -> None:
        """Tell the same history again: the story must be the same."""
        if self.scenario:
            again = Play(self.scenario)
            again.run(self.history)
            again.sleep_until(self.now)
            assert again.story == self.play.story
            assert again.record == self.play.record


TestJourneyMachine = JourneyMachine.TestCase
TestJourneyMachine.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)

"""The same history gives the same record: lived at once or packed between events, told once or many times.

Beside a whole life of random journeys (tests/unit/journey/test_machine.py) this is about what queues do: an
event comes again right away, or late, after others.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import (
    CompartmentRead,
    CustomEventReceived,
    DefinitionsPublished,
    DeliveryReported,
    EnrolAsked,
    Event,
    InboundReceived,
    MembershipsDoubted,
    RecordMerged,
    ResourceChanged,
    WakeupDue,
)
from tests.unit.journey import machine_happenings as what
from tests.unit.journey.machine_happenings import Happening
from tests.unit.journey.machine_life import PERSON, Life, alike, relive
from tests.unit.journey.random_journeys import journeys
from tests.unit.journey.random_steps import Json

LATE = (
    *(ResourceChanged, CompartmentRead, WakeupDue, DeliveryReported, InboundReceived),
    *(CustomEventReceived, EnrolAsked, RecordMerged),
)
"""Events that mean nothing when they come again, however late; what staff ask for they may ask for twice."""
MEMORY = 25
"""How far back an event may come again: the ids of replies, events and askings are kept for 32 others."""

lives = st.tuples(
    st.tuples(journeys(1), journeys(2), journeys(3)), st.lists(what.anything, min_size=5, max_size=25)
)
steady = settings(deadline=None, derandomize=True, max_examples=60)


def lived(bodies: Iterable[Json], happenings: Iterable[Happening]) -> Life:
    life = Life(bodies)
    life.prompt = True
    life.happen(*what.person(life, {"birth_date": PERSON.birth_date}))
    for happening in happenings:
        happening.to(life)
    life.happen(WakeupDue(life.now))  # what time alone brings about may be late where nothing hangs on it
    return life


@steady
@given(lives, st.randoms(use_true_random=False))
def test_what_comes_again_late_changes_nothing(
    drawn: tuple[tuple[Json, ...], list[Happening]], random: Random
) -> None:
    life = lived(*drawn)

    def repeated(number: int) -> list[Event]:
        before = [each.event for each in life.lived[max(number - MEMORY, 0) : number + 1]]
        known = [event for event in before if isinstance(event, LATE)]
        return random.sample(known, min(len(known), 2))

    assert alike(relive(life, meanwhile=repeated), life.record)


@steady
@given(lives)
def test_to_be_looked_at_changes_nothing_in_between(drawn: tuple[tuple[Json, ...], list[Happening]]) -> None:
    """A population run, an audit and a wake-up for nothing may come at any time."""
    life = lived(*drawn)
    looks = (DefinitionsPublished(stamp=False), WakeupDue(life.now), MembershipsDoubted(()))
    assert alike(relive(life, meanwhile=lambda _: looks), life.record)


@steady
@given(lives)
def test_a_record_that_is_packed_between_events_is_no_other(
    drawn: tuple[tuple[Json, ...], list[Happening]],
) -> None:
    life = lived(*drawn)
    assert relive(life, stored=True) == life.record

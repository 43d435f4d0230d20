"""The watch: gauges of every queue, and of the last reconciliation; sentences where something is alarming."""

from __future__ import annotations

from collections.abc import Collection

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_kit import Time, in_memory

import functions.watch as entry_point
from shared.errors import Unavailable
from shared.fhir.instants import HOUR, MINUTE
from shared.metrics import BY_NAME
from shared.ports import QueueState
from shared.queues import CHANGES, OUTBOX, QUEUES
from shared.usecases import watch
from shared.usecases.recover import reconcile
from shared.usecases.watch import LATE, watch_queues, watch_reconciliation

type Told = dict[tuple[str, str], float]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Note what gauges show, by name and queue."""
    shown: Told = {}

    def gauge(name: str, value: float, **attributes: str) -> None:
        assert set(attributes) == set(BY_NAME[name].attributes)
        shown[name.removeprefix("hearthline."), attributes.get("queue", "")] = value

    monkeypatch.setattr(watch, "gauge", gauge)
    return shown


class Looked:
    """A QueueWatch that says what a test wants; of other queues that nothing is there."""

    def __init__(self, *states: QueueState) -> None:
        self._states = {state.queue: state for state in states}

    async def look(self, queues: Collection[str]) -> tuple[QueueState, ...]:
        return tuple(self._states.get(queue, QueueState(queue, 0, 0.0, 0)) for queue in queues)


async def test_every_queue_is_told_in_numbers(told: Told) -> None:
    assert await watch_queues(Looked(QueueState(CHANGES, 7, 2.5, 0))) == ()
    assert {queue for name, queue in told if name == "queue.poison"} == set(QUEUES)
    assert told["queue.waiting", CHANGES] == 7
    assert told["queue.oldest", CHANGES] == 2.5
    assert told["queue.waiting", OUTBOX] == 0


async def test_what_a_transport_does_not_tell_is_not_told(told: Told) -> None:
    await watch_queues(Looked(QueueState(CHANGES, None, None, 0)))
    assert [name for name, queue in told if queue == CHANGES] == ["queue.poison"]


async def test_what_is_alarming_is_said(told: Told) -> None:
    """Once a look, by queue and number: nothing of what stands there."""
    said = await watch_queues(Looked(QueueState(CHANGES, 9, LATE + 60, 2), QueueState(OUTBOX, 1, LATE, 0)))
    assert said == (
        "changes: 2 messages were given up, see hearthline poison",
        "changes: the oldest message waits for 16 minutes",
    )


@given(oldest=st.none() | st.floats(0, 1e7), poison=st.integers(0, 10**6))
async def test_it_is_said_exactly_when_something_was_given_up_or_is_late(
    oldest: float | None, poison: int
) -> None:
    said = await watch_queues(Looked(QueueState(CHANGES, None, oldest, poison)))
    assert len(said) == (poison > 0) + (oldest is not None and oldest > LATE)


async def test_the_age_of_the_last_reconciliation_grows_until_the_next(told: Told) -> None:
    clock = Time()
    services = in_memory(clock)
    await reconcile(services)
    clock.passes(HOUR)
    assert await watch_reconciliation(services) == 3600.0
    assert told["reconciliation.age", ""] == 3600.0
    await reconcile(services)
    assert await watch_reconciliation(services) == 0.0


async def test_where_none_ever_came_to_its_end_the_age_grows_from_the_first_look_on(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment whose FHIR server was away from its first day on raises an alarm too."""
    clock = Time()
    services = in_memory(clock)

    async def away(*_: object) -> int:
        raise Unavailable("the FHIR server is away")

    monkeypatch.setattr("shared.usecases.recover.search_changes", away)
    for age in (0.0, 300.0, 600.0):
        with pytest.raises(Unavailable):
            await reconcile(services)
        assert await watch_reconciliation(services) == age
        clock.passes(5 * MINUTE)


async def test_an_instant_that_was_missed_is_not_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is let run fast would have it look at the queues without end."""

    async def fails() -> None:
        raise AssertionError

    monkeypatch.setattr(entry_point, "services", fails)
    await entry_point.watch.build().get_user_function()(func.TimerRequest(past_due=True))

"""What waits for another system is put off: the same trigger, longer each time, never as a repetition."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import serving
from functions.listening import Delivery
from functions.serving import LONGEST, PAUSE, UNCOUNTED, carry_out, settle
from shared.config import Transport
from shared.errors import Unavailable
from shared.fhir.instants import Instant
from shared.patient.record import patient_key
from shared.queues import ACS_EVENTS, CHANGES, NOTIFICATIONS, WAKEUPS
from shared.usecases.jobs import (
    BARE,
    Change,
    Changes,
    Envelope,
    Job,
    Wake,
    decode_job,
    encode_job,
    envelope_of,
)
from shared.usecases.react import Crowded, Trigger
from shared.usecases.services import Services
from tests.unit.memory_kit import Time, in_memory
from tests.unit.queue_kit import JOBS, Sent, Written

BUS: Transport = "servicebus"
STORAGE: Transport = "storage"
CHANGE = Change("Observation", "1", "2", "updated")
WAKE = Wake("somebody", Instant(5))
MESSAGES = {CHANGES: encode_job(CHANGE), WAKEUPS: encode_job(WAKE)}
FOREIGN = {
    NOTIFICATIONS: b'[{"eventType":"x"}]',
    ACS_EVENTS: b'{"specversion":"1.0"}',
    CHANGES: b"\xff no job",
}


class Waiting:
    """Entry points whose other system is away, and what is put on queues."""

    def __init__(self, patch: pytest.MonkeyPatch, transport: Transport) -> None:
        self.queue = Written()
        self.failure = Unavailable("away")
        self.triggers: list[Trigger] = []
        patch.setattr(serving, "transport", lambda: transport)
        patch.setattr(serving, "queues", lambda: self.queue)
        patch.setattr(serving, "services", self._services)

    async def _services(self) -> Services:
        return in_memory(Time())

    async def deliver(self, delivery: Delivery) -> Sent | None:
        """Hand a message out; what was put on a queue instead. Raises Unavailable where it comes back."""
        self.queue.sent.clear()
        if delivery.queue in {NOTIFICATIONS, ACS_EVENTS}:
            await settle(delivery, self._fail)
        else:
            await carry_out(delivery, self._fail_job)
        return self.queue.sent[-1] if self.queue.sent else None

    async def put_off(self, queue: str, body: bytes, times: int) -> list[Sent]:
        """Deliver a message that is put off again and again, as a new one each time."""
        put: list[Sent] = []
        for number in range(times):
            sent = await self.deliver(Delivery(queue, f"{queue}-{number}", 1, body))
            assert sent is not None
            put.append(sent)
            body = sent.body
        return put

    async def _fail(self, _: Any) -> None:
        raise self.failure

    async def _fail_job(self, _: Any, job: Job, trigger: Trigger) -> None:
        self.triggers.append(trigger)
        raise self.failure


@pytest.fixture
def on_bus(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """Wait with Service Bus, which hands out again at once."""
    return Waiting(monkeypatch, BUS)


@pytest.fixture
def on_storage(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """Wait with Storage, which hides what failed."""
    return Waiting(monkeypatch, STORAGE)


@pytest.mark.parametrize("queue", MESSAGES)
async def test_on_service_bus_each_failure_puts_a_message_off_for_twice_as_long(
    on_bus: Waiting, queue: str
) -> None:
    put = await on_bus.put_off(queue, MESSAGES[queue], 12)
    assert [sent.delay for sent in put[:9]] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert {sent.delay for sent in put[9:]} == {LONGEST}


@pytest.mark.parametrize("queue", MESSAGES)
async def test_it_stays_the_same_trigger_and_counts_its_deliveries(on_bus: Waiting, queue: str) -> None:
    put = await on_bus.put_off(queue, MESSAGES[queue], 4)
    assert on_bus.triggers == [Trigger(f"{queue}-0", number) for number in (1, 2, 3, 4)]
    assert envelope_of(put[-1].body) == Envelope(trigger=f"{queue}-0", deliveries=4)
    assert decode_job(put[-1].body) == decode_job(MESSAGES[queue])
    assert {sent.queue for sent in put} == {queue}


@pytest.mark.parametrize("queue", MESSAGES)
async def test_storage_is_left_to_hide_a_message_four_times_of_five(on_storage: Waiting, queue: str) -> None:
    body = MESSAGES[queue]
    for first, pause in ((0, 10.0), (5, 20.0), (10, 40.0)):
        for count in (1, 2, 3, 4):
            with pytest.raises(Unavailable):
                await on_storage.deliver(Delivery(queue, f"m{first}", count, body))
        sent = await on_storage.deliver(Delivery(queue, f"m{first}", 5, body))
        assert sent is not None
        assert sent.delay == pause
        body = sent.body
    assert {trigger.trigger_id for trigger in on_storage.triggers} == {"m0"}
    assert [trigger.delivery for trigger in on_storage.triggers] == list(range(1, 16))


async def test_what_cannot_even_be_put_off_is_held_for_a_while_on_service_bus(
    on_bus: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A namespace that throttles says for how long; given back, the message would come again at once."""
    slept = _slept(monkeypatch)
    on_bus.queue.failures = [Unavailable("throttled", 10.0), Unavailable("throttled")]
    [sent] = await on_bus.put_off(CHANGES, MESSAGES[CHANGES], 1)
    assert slept == [10.0, 15.0]
    assert (sent.delay, sent.session) == (1.0, "Observation/1")


async def test_what_cannot_be_put_off_for_long_is_given_back(
    on_bus: Waiting, on_storage: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage hides it then; Service Bus hands it out again, and it is held again."""
    for transport, waiting, pauses in ((BUS, on_bus, [5.0, 15.0, 30.0]), (STORAGE, on_storage, [])):
        monkeypatch.setattr(serving, "transport", partial(str, transport))
        monkeypatch.setattr(serving, "queues", partial(_itself, waiting.queue))
        slept = _slept(monkeypatch)
        waiting.queue.failures = [Unavailable("full")] * 9
        with pytest.raises(Unavailable, match="full"):
            await waiting.deliver(Delivery(CHANGES, "m", 5, MESSAGES[CHANGES]))
        assert slept == pauses
        assert waiting.queue.sent == []


def _itself(queue: Written) -> Written:
    return queue


def _slept(patch: pytest.MonkeyPatch) -> list[float]:
    """Let no time pass, and say how much would have."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    patch.setattr(serving.asyncio, "sleep", sleep)
    return slept


async def test_the_trace_goes_along(on_bus: Waiting) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    [sent] = await on_bus.put_off(WAKEUPS, encode_job(WAKE, Envelope(trace=trace)), 1)
    assert envelope_of(sent.body).trace == trace


async def test_a_system_that_says_when_to_come_back_is_believed(on_bus: Waiting) -> None:
    on_bus.failure = Unavailable("away", 90.0)
    [sent] = await on_bus.put_off(CHANGES, MESSAGES[CHANGES], 1)
    assert sent.delay == 90.0


@pytest.mark.parametrize(("queue", "body"), FOREIGN.items(), ids=list(FOREIGN))
async def test_what_is_none_of_our_jobs_is_put_off_as_it_is(
    on_bus: Waiting, monkeypatch: pytest.MonkeyPatch, queue: str, body: bytes
) -> None:
    """For one length of time always, as it has no place to say how often that was done."""

    async def away(*_: Any) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(serving, "record_rejection", away)  # as what is no job is recorded, where it can be
    put = await on_bus.put_off(queue, body, 3)
    assert {(sent.queue, sent.body, sent.delay, sent.session) for sent in put} == {
        (queue, body, UNCOUNTED, "")
    }


@pytest.mark.parametrize(
    ("job", "session"),
    [
        (CHANGE, "Observation/1"),
        (Change("Location", "1", key="somebody"), "somebody"),
        (Change("Patient", "7", resource={"resourceType": "Patient", "id": "7"}), patient_key("7")),
        (Changes((CHANGE,)), ""),
    ],
)
async def test_a_change_keeps_its_turn(on_bus: Waiting, job: Job, session: str) -> None:
    assert {sent.session for sent in await on_bus.put_off(CHANGES, encode_job(job), 3)} == {session}


async def test_a_change_that_met_others_at_one_patient_waits_for_its_turn_there(on_bus: Waiting) -> None:
    """And stays in that line, whatever it is put off for then."""
    on_bus.failure = Crowded("somebody")
    [first] = await on_bus.put_off(CHANGES, MESSAGES[CHANGES], 1)
    on_bus.failure = Unavailable("away")
    later = await on_bus.put_off(CHANGES, first.body, 2)
    assert [sent.session for sent in (first, *later)] == ["somebody"] * 3
    assert on_bus.triggers[0].trigger_id == on_bus.triggers[-1].trigger_id


async def test_any_other_job_that_met_others_is_tried_again_as_it_is(on_bus: Waiting) -> None:
    on_bus.failure = Crowded("somebody")
    [sent] = await on_bus.put_off(WAKEUPS, MESSAGES[WAKEUPS], 1)
    assert decode_job(sent.body) == WAKE


@given(
    JOBS,
    st.sampled_from([BUS, STORAGE]),
    st.integers(5, 8),
    st.builds(Envelope, st.just(""), st.sampled_from(["", "t"]), st.integers(0, 99)),
    st.sampled_from([Unavailable("away"), Unavailable("away", 7.0), Crowded("somebody")]),
)
async def test_what_is_put_off_is_never_told_again(
    job: Job, transport: Transport, count: int, along: Envelope, failure: Unavailable
) -> None:
    """Whatever job, however often: a queue that knows repetitions has no name to know it by."""
    with pytest.MonkeyPatch.context() as patch:
        waiting = Waiting(patch, transport)
        waiting.failure = failure
        sent = await waiting.deliver(Delivery(CHANGES, "m", count, encode_job(job, along)))
    assert sent is not None
    assert sent.once == ""
    assert PAUSE[transport] <= sent.delay <= LONGEST
    assert envelope_of(sent.body) == Envelope("", along.trigger or "m", along.deliveries + count)
    assert envelope_of(encode_job(job)) == BARE

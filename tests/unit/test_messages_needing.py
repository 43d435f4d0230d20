"""Messages that need somebody are listed as long as they do; of those that go well nothing is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.effects import IndexMessage
from shared.events import DeliveryReported, EnrolAsked, EnrolmentAsked, Event, OutcomeSaid
from shared.fhir.instants import DAY, HOUR, Instant
from shared.message.delivery import UNAVAILABLE
from shared.message.needing import NEEDS, needing, state_of
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult, Unknown
from shared.patient.state import Call, Message
from shared.retention import Retention
from shared.usecases.jobs import Wake
from shared.usecases.privacy.erase import erase
from shared.usecases.react import Trigger, react
from shared.usecases.retention.walk import progress, run_retention
from shared.usecases.services import Services
from shared.usecases.wake import wake
from tests.unit.memory_kit import Time
from tests.unit.patient.records import steady
from tests.unit.privacy_kit import ANN, JOURNEY, fresh, lived

AT = Instant(1_000)


class Provider:
    """Answers as it is told, one answer after the other, the last one for ever."""

    def __init__(self, *answers: SendResult) -> None:
        self.answers = list(answers)

    async def send(self, message: OutboundMessage) -> SendResult:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def written_to(clock: Time, *answers: SendResult) -> tuple[Services, str]:
    """Write to Ann once more through a provider that answers so; the message's id."""
    services = await lived(clock)
    before = {message.message_id for message in await services.patients.messages(ANN)}
    services = replace(services, channels={"sms": Provider(*answers)})
    await _enrol(services)
    (fresh,) = {message.message_id for message in await services.patients.messages(ANN)} - before
    return services, fresh


async def _enrol(services: Services) -> None:
    (enrolment,) = (await services.patients.load(ANN)).record.enrolments
    await _happens(services, EnrolmentAsked(enrolment, "stop", "u17", "again"))
    await _happens(services, EnrolAsked(JOURNEY, "twice", "asked for"))


async def _happens(services: Services, event: Event) -> None:
    await react(services, ANN, [event], Trigger(f"test-{services.clock.now()}-{type(event).__name__}"))


async def listed(services: Services) -> list[tuple[str, str, str]]:
    """Return state, message and code of all that is listed."""
    rows = [row for state in NEEDS for row in await services.indexes.needs(state)]
    return [(row.need.state, row.message_id, row.need.code) for row in rows]


async def test_of_a_message_that_goes_well_nothing_is_written():
    services, which = await written_to(Time(), Accepted("p-1"))
    await _happens(services, DeliveryReported(which, "delivered", services.clock.now()))
    assert "needs" not in {trace.kind for trace in await services.indexes.traces(ANN, [])}


async def test_an_unknown_outcome_is_listed_until_somebody_finds_out():
    services, which = await written_to(Time(), Unknown("ACS did not answer in time"))
    assert await listed(services) == [("unknown", which, "")]
    await _happens(services, OutcomeSaid(which, False, "u17", "the provider has no such message"))
    assert await listed(services) == []


async def test_a_refusal_stays_listed_with_its_code():
    services, which = await written_to(Time(), Refused("content", "the provider rejects it: +12065550123"))
    assert await listed(services) == [("not-done", which, "content")]
    (row,) = await services.indexes.needs("not-done")
    assert (row.key, row.need.journey, row.need.channel) == (ANN, f"{JOURNEY}|1", "sms")
    assert "+1206" not in str(row)


async def test_what_was_sent_and_did_not_arrive_is_listed_until_it_does():
    services, which = await written_to(Time(), Accepted("p-1"))
    await _happens(services, DeliveryReported(which, "failed", services.clock.now(), "no", "temporary"))
    assert await listed(services) == [("failed", which, "temporary")]
    await _happens(services, DeliveryReported(which, "delivered", services.clock.now()))
    assert await listed(services) == []


async def test_one_try_in_vain_is_nothing_two_are_listed_until_it_goes():
    clock = Time()
    busy = Deferred("throttled")
    services, which = await written_to(clock, busy, busy, busy, Accepted("p-1"))
    seen = [await listed(services)]
    for _ in range(3):
        clock.passes(HOUR)
        await wake(services, Wake(ANN, clock.at), Trigger(f"wake-{clock.at}"))
        seen.append(await listed(services))
    assert [[state for state, *_ in each] for each in seen] == [[], ["waiting"], ["waiting"], []]
    assert (await services.patients.message(ANN, which)).status == "completed"


async def test_somebody_who_is_erased_is_listed_no_more():
    services, _ = await written_to(Time(), Unknown("ACS did not answer in time"))
    await erase(services, "ann", "u17", "she asked for it")
    assert await listed(services) == []


async def test_what_was_there_before_the_list_is_put_into_it_by_the_first_walk():
    clock = Time()
    services, which = await written_to(clock, Unknown("ACS did not answer in time"))
    await services.indexes.withdraw(ANN, IndexMessage(which))
    assert await listed(services) == []
    await run_retention(services, Retention())
    assert await listed(services) == [("unknown", which, "")]
    assert (await progress(services)).needs == "done"
    await _happens(services, OutcomeSaid(which, True, "u17", "the patient has it"))
    clock.passes(7 * DAY)
    await run_retention(services, Retention())
    assert await listed(services) == []


def _message(status: str, **more: object) -> Message:
    made = Message("m", "e", 1, "s", "j|1", "t|1", "sms", "+1", "en", status, AT, AT)  # type: ignore[arg-type]
    return replace(made, **more)  # type: ignore[arg-type]


REFUSED = Call(AT, "q", outcome="refused")


@pytest.mark.parametrize(
    ("message", "state"),
    [
        (_message("preparation"), ""),
        (_message("preparation", attempts=1, status_reason="quiet hours"), ""),
        (_message("preparation", attempts=2), "waiting"),
        (_message("in-progress", attempts=2), ""),
        (_message("in-progress", attempts=3), "waiting"),
        (_message("unknown"), "unknown"),
        (_message("completed", delivery="sent"), ""),
        (_message("completed", delivery="failed"), "failed"),
        (_message("completed", delivery="complained"), ""),
        (_message("not-done", status_reason="opted out"), ""),
        (_message("not-done", attempts=1, status_reason="the appointment was cancelled"), ""),
        (_message("not-done", status_reason=UNAVAILABLE), "not-done"),
        (_message("not-done", calls=(REFUSED,)), "not-done"),
    ],
)
def test_what_needs_somebody(message, state):
    assert state_of(message) == state


_MESSAGES = st.builds(
    _message,
    st.sampled_from(["preparation", "in-progress", "unknown", "completed", "not-done"]),
    attempts=st.integers(0, 4),
    delivery=st.sampled_from(["", "sent", "failed", "delivered"]),
    calls=st.sampled_from([(), (REFUSED,)]),
)


@steady
@given(st.lists(_MESSAGES, max_size=8), st.randoms())
async def test_whatever_happens_to_a_message_the_list_says_what_it_is_now(messages, random):
    """In whatever order the rows of several commits come to be written."""
    indexes = fresh(Time()).indexes
    rows = [
        needing(before, after, n, AT)
        for n, (before, after) in enumerate(zip([None, *messages], messages, strict=False))
    ]
    random.shuffle(rows)
    for row in filter(None, rows):
        await indexes.apply(ANN, row)
    found = [state for state in NEEDS for _ in await indexes.needs(state)]
    assert found == ([state_of(messages[-1])] if messages and state_of(messages[-1]) else [])

"""Reports that name a message by the provider's own id: found by what was noted, or waited for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.effects import IndexMessage, SendMessage
from shared.errors import Rejected, Unavailable
from shared.events import SendSettled
from shared.fhir.instants import MINUTE, Instant
from shared.message.outbound import Accepted, Deferred, OutboundMessage, Refused, SendResult
from shared.patient.record import PatientRecord
from shared.usecases.drain import drain
from shared.usecases.jobs import Report
from shared.usecases.react import Trigger
from shared.usecases.report import take_report
from tests.unit.memory_kit import Time, in_memory

OURS = "5b0e2a8e-5a0a-5c52-9d0f-3f1c7c1b2a10"
THEIRS = "0a7b7c9e-0000-4000-8000-3f1c7c1b2a10"


class Channel:
    """Answers as it is told, and keeps what it was given."""

    def __init__(self, answer: SendResult) -> None:
        self.answer = answer
        self.given: list[OutboundMessage] = []

    async def send(self, message: OutboundMessage) -> SendResult:
        self.given.append(message)
        return self.answer


async def sent(channel: str, answer: SendResult) -> tuple[SendSettled, OutboundMessage, str | None]:
    """Send one message; what is told of it, what the channel got, whose the provider's id is afterwards."""
    carrier = Channel(answer)
    services = replace(in_memory(Time()), channels={channel: carrier})
    send = SendMessage(
        message_id=OURS, channel=channel, to="+12065550171", text="Hello", language="en_US",
        headers={"X": "y"}, approved="hello", parameters=("Maria",), purpose="care",
    )  # fmt: skip
    drained = await drain(services, PatientRecord("key-1", "p1"), [send], ())
    (settled,) = drained.events
    assert isinstance(settled, SendSettled)
    return settled, carrier.given[0], await services.indexes.patient_of_message(THEIRS)


async def test_the_channel_gets_all_that_was_rendered() -> None:
    _, given, _ = await sent("whatsapp", Accepted(THEIRS))
    assert (given.approved, given.parameters, given.language) == ("hello", ("Maria",), "en_US")
    assert (given.purpose, dict(given.headers)) == ("care", {"X": "y"})


@pytest.mark.parametrize(("channel", "whose"), [("whatsapp", "key-1"), ("sms", None), ("email", None)])
async def test_the_id_is_noted_where_reports_know_no_other(channel: str, whose: str | None) -> None:
    assert (await sent(channel, Accepted(THEIRS)))[2] == whose


async def test_what_kind_of_refusal_and_whether_it_was_a_try_is_told() -> None:
    settled, *_ = await sent("sms", Refused("landline", "it is a landline"))
    assert (settled.outcome, settled.code, settled.reason) == ("refused", "landline", "it is a landline")
    settled, *_ = await sent("sms", Deferred("later", 7.0, held=True))
    assert (settled.outcome, settled.retry_after, settled.held) == ("deferred", 7.0, True)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("age", "error"), [(MINUTE, Unavailable), (6 * MINUTE, Rejected)])
async def test_a_report_that_was_faster_comes_again_for_a_while(known: bool, age: int, error: type) -> None:
    """Neither a missing row of the index nor a message that has no such id yet loses it at once."""
    clock = Time()
    services = in_memory(clock)
    if known:
        await services.indexes.apply("key-1", IndexMessage(THEIRS))
    job = Report(THEIRS, "", "delivered", Instant(clock.at - age), theirs=True)
    with pytest.raises(error):
        await take_report(services, job, Trigger("t"))


async def test_an_id_of_ours_that_nobody_knows_is_rejected_at_once() -> None:
    clock = Time()
    with pytest.raises(Rejected):
        await take_report(in_memory(clock), Report(OURS, "", "delivered", clock.at), Trigger("t"))

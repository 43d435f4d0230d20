"""Erased in the middle of any life: nothing more is sent to the person, and nothing of them comes back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import EnrolAsked, WakeupDue
from shared.fhir.instants import DAY, HOUR
from shared.retention import Retention
from shared.usecases.inbound.take import take_inbound
from shared.usecases.jobs import Change, Inbound, Report
from shared.usecases.privacy.erase import erase
from shared.usecases.react import Trigger, react
from shared.usecases.report import take_report
from shared.usecases.retention.walk import run_retention
from shared.usecases.services import Services
from shared.usecases.sweep import sweep
from shared.usecases.take_change import take_change
from shared.usecases.take_in import take_in
from tests.unit.memory_kit import Time, person, result, server
from tests.unit.patient.records import steady
from tests.unit.privacy_kit import ANN, JOURNEY, NUMBERS, lived, phone
from tests.unit.test_erasure import everything

MOVES = (
    "result",
    "register",
    "whole",
    "enrol",
    "stop",
    "yes",
    "report",
    "hour",
    "month",
    "retention",
    "sweep",
)
WORDS = (NUMBERS["ann"], "Ann", "r-ann", "v-ann", "token-ann")


async def move(services: Services, clock: Time, name: str, number: int) -> None:
    """Let one thing happen to Ann."""
    trigger = Trigger(f"{name}-{number}")
    match name:
        case "result":
            await server(services).update(result(f"r-ann-{number}", "ann", 7.0 + number))
            await take_change(services, Change("Observation", f"r-ann-{number}"), trigger)
        case "register":
            telecom = [{"system": "phone", "value": NUMBERS["ann"], "use": "mobile"}]
            await server(services).update(person("ann", telecom=telecom, name=[{"given": ["Ann"]}]))
            await take_change(services, Change("Patient", "ann"), trigger)
        case "whole":
            await take_in(services, "ann")
        case "enrol":
            await react(services, ANN, [EnrolAsked(JOURNEY, trigger.trigger_id, "asked for")], trigger, "ann")
        case "stop" | "yes":
            said = Inbound(trigger.trigger_id, "sms", NUMBERS["ann"], name, clock.at)
            await take_inbound(services, said, trigger)
        case "report":
            for sent in phone(services).sent[-2:]:
                await take_report(services, Report(sent.message_id, ANN, "delivered", clock.at), trigger)
        case "hour" | "month":
            clock.passes(HOUR if name == "hour" else 31 * DAY)
            await react(services, ANN, [WakeupDue(clock.at)], trigger)
        case "retention":
            await run_retention(services, Retention(messages="P30D", timeline="P30D", engagement="P90D"))
        case "sweep":
            await sweep(services)


@settings(steady, max_examples=40)
@given(st.lists(st.sampled_from(MOVES), max_size=6), st.lists(st.sampled_from(MOVES), max_size=8))
async def test_nothing_is_sent_and_nothing_comes_back(before, after):
    clock = Time()
    services = await lived(clock)
    for number, name in enumerate(before):
        await move(services, clock, name, number)
    await erase(services, "ann", "u17", "asked for it")
    sent = len(phone(services).sent)
    for number, name in enumerate(after, len(before)):
        await move(services, clock, name, number)
    to_ann = [message for message in phone(services).sent[sent:] if message.to == NUMBERS["ann"]]
    assert to_ann == []
    left = everything(services)
    assert [word for word in WORDS if word in left] == []

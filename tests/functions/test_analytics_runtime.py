"""Through the whole product: what happens is in the analytics log before a trigger is over, and is folded."""

from __future__ import annotations

from collections import Counter

from ward import Ward

from sandbox.play import resources as make
from shared.fhir.instants import DAY, MINUTE, Instant
from shared.patient.record import patient_key
from shared.ports.happened import Question
from shared.usecases.services import Services

MINE = "SELECT kind, what FROM lines WHERE key = $key"


async def _of(services: Services, ward: Ward, patient: str) -> Counter[str]:
    assert services.happened is not None
    question = Question(MINE, {"key": patient_key(patient)}, Instant(ward.now - DAY))
    table = await services.happened.ask(question)
    return Counter(f"{kind} {what}" for kind, what in table.rows)


async def test_a_change_is_told_delivered_and_folded(ward: Ward) -> None:
    patient = "analysed-1"
    await ward.admit(patient, "+12065550735")
    await ward.write(make.hba1c(patient, 1, 9.8, ward.now))
    assert len(ward.sent("+12065550735")) == 1
    ward.pass_time(MINUTE)
    await ward.product.idle()
    async with ward.product.opened() as services:
        told = await _of(services, ward, patient)
        wanted = ("journey entered", "message planned", "message sent", "message delivered")
        assert {each: told[each] for each in wanted} == dict.fromkeys(wanted, 1)
        assert told["segment entered"] >= 1
        await ward.run_timer("folding")
        assert services.happened is not None
        days = await services.happened.days()
        assert days
        assert set(days.values()) == {0}
        assert await _of(services, ward, patient) == told

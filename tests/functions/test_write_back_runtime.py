"""Through the whole product: a message's Communication on the FHIR server, its story, a patient erased."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from ward import Ward

from sandbox.play import resources as make
from shared.fhir.instants import MINUTE
from shared.patient.record import patient_key
from shared.usecases.evidence.story import of_patient
from shared.usecases.privacy.erase import erase


def told(ward: Ward, message_id: str) -> list[dict[str, Any]]:
    """Return the versions of a message's Communication."""
    found = [resource for _, _, resource in ward.fhir.versions[f"Communication/{message_id}"]]
    return [resource for resource in found if resource is not None]


async def test_what_a_message_came_to_is_written_and_not_heard_of_again(ward: Ward) -> None:
    await ward.admit("written-1", "+12065550641")
    await ward.write(make.hba1c("written-1", 1, 9.8, ward.now))
    assert len(ward.sent("+12065550641")) == 1
    ward.pass_time(MINUTE)
    await ward.product.idle()
    (message,) = await ward.rows("written-1")
    versions = told(ward, message.message_id)
    for version in versions:
        get_fhir_model_class("Communication").model_validate(version)
    last = versions[-1]
    assert (last["status"], last["subject"]["reference"]) == ("completed", "Patient/written-1")
    assert last["payload"] == [{"contentString": message.text}]
    assert message.provider_id in {each["value"] for each in last["identifier"]}
    before = await ward.record("written-1")
    rejected = await ward.rejections()
    numbers = range(1, len(versions) + 1)
    events = [ward.event(f"Communication/{message.message_id}", str(number)) for number in numbers]
    await ward.tell(*events)
    assert (await ward.record("written-1")).sequence == before.sequence
    assert await ward.rejections() == rejected


async def test_an_erased_patient_stays_erased_whatever_the_server_tells(ward: Ward) -> None:
    await ward.admit("erased-1", "+12065550192")
    await ward.write(make.hba1c("erased-1", 1, 9.8, ward.now))
    async with ward.product.opened() as services:
        story = await of_patient(services, "erased-1", "u17")
        assert [m.to for m in story.messages] == ["+12065550192"]
        await erase(services, "erased-1", "u17", "asked for it in writing")
    await ward.write(make.hba1c("erased-1", 2, 10.8, ward.now))
    await ward.admit("erased-1", "+12065550192")
    await ward.reply("+12065550192", "hello?")
    async with ward.product.opened() as services:
        record = (await services.patients.load(patient_key("erased-1"))).record
        assert (record.person, len(record.facts), record.patient_id) == (None, 0, "")
        assert await services.indexes.traces(record.key, []) == ()
    assert (await ward.rows("erased-1"), await ward.timeline("erased-1")) == ((), ())


async def test_the_timer_of_retention_runs(ward: Ward) -> None:
    await ward.run_timer("retention")
    async with ward.product.opened() as services:
        found = await services.documents.get("retention", "walk")
    assert found is not None
    assert b'"done"' in found[0]

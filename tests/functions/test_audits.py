"""The audit through the Functions runtime: by its timer, over its queue, with a report at the end."""

from __future__ import annotations

from ward import Ward

from sandbox.play import resources as make
from shared.effects import IndexMember
from shared.fhir.instants import HOUR, Instant
from shared.patient.record import patient_key
from shared.usecases.audit_report import Report, reports

DIABETES = "https://hearthline.example/segments/diabetes"


async def latest(ward: Ward) -> Report:
    async with ward.product.opened() as services:
        return (await reports(services.documents))[-1]


async def test_what_slipped_past_every_notification_and_search_is_found_and_mended(ward: Ward) -> None:
    """A result with an old instant lies behind the watermark; a member row was lost: both are set right."""
    await ward.admit("a-night", "+15555556001")
    key = patient_key("a-night")
    await ward.run_timer("reconciliation")
    old = Instant(ward.now - 2 * HOUR)
    ward.fhir.put(make.hba1c("a-night", 1, 6.0, old), old)
    async with ward.product.opened() as services:
        assert key in await services.indexes.members(DIABETES)
        await services.indexes.drop_member(DIABETES, key)
    ward.pass_time(1000)
    await ward.run_timer("audit")
    found = await latest(ward)
    assert found.finished is not None
    named = {(each.kind, each.what, each.repaired) for each in found.named if each.key == key}
    assert named == {("missing", "Observation/a-night-hba1c-1", True), ("unlisted", DIABETES, True)}
    async with ward.product.opened() as services:
        assert key in await services.indexes.members(DIABETES)
        assert (await services.patients.load(key)).record.facts.get("Observation/a-night-hba1c-1") is not None
    ward.pass_time(1000)
    await ward.run_timer("audit")
    assert (await latest(ward)).run > found.run
    assert (await latest(ward)).counts == {}


async def test_a_row_of_nobody_goes(ward: Ward) -> None:
    nobody = patient_key("a-nobody")
    async with ward.product.opened() as services:
        await services.indexes.apply(nobody, IndexMember(DIABETES, True, ward.now, 1))
    ward.pass_time(1000)
    await ward.run_timer("audit")
    assert ("orphan", nobody) in {(each.kind, each.key) for each in (await latest(ward)).named}
    async with ward.product.opened() as services:
        assert nobody not in await services.indexes.members(DIABETES)

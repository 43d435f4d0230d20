"""Change → record → segment → message through the real queue triggers: versions, deletes, moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from ward import CLINIC, EVENTS, Ward

from sandbox.play import resources as make
from shared.fhir.instants import DAY, HOUR, MINUTE, Instant

INVITED = "diabetes-outreach"


async def test_a_result_leads_to_one_message_however_often_it_is_told(ward: Ward) -> None:
    await ward.admit("v-once", "+15555552001")
    event = ward.put(make.hba1c("v-once", 1, 9.8, ward.now))
    await ward.tell(event, event, event, {**event, "id": "again"})
    (text,) = ward.sent("+15555552001")
    assert "Ana" in text
    (row,) = await ward.rows("v-once")
    assert (row.status, row.channel, row.to) == ("completed", "sms", "+15555552001")
    assert row.delivery == "delivered"  # as Communication Services has reported meanwhile
    record = await ward.record("v-once")
    assert record.memberships["https://hearthline.example/segments/diabetes-poor-control"].member
    assert len(record.enrolments) == 1


async def test_the_same_event_many_times_at_once_leads_to_one_message(ward: Ward) -> None:
    await ward.admit("v-crowd", "+15555552005")
    event = ward.put(make.hba1c("v-crowd", 1, 9.8, ward.now))
    with ThreadPoolExecutor(8) as pool:
        told = [pool.submit(ward.product.call, "POST", EVENTS, [event, event]) for _ in range(16)]
        assert {each.result().status for each in told} == {200}
    assert (await ward.product.idle()).poisoned == {}
    assert len(ward.sent("+15555552005")) == 1
    assert len(await ward.rows("v-crowd")) == 1


async def test_versions_out_of_order_end_at_the_newest(ward: Ward) -> None:
    await ward.admit("v-order", "+15555552002")
    events = [ward.put(make.hba1c("v-order", 1, value, ward.now)) for value in (9.8, 11.0, 6.5)]
    await ward.tell(events[2], events[0], events[1])
    fact = (await ward.record("v-order")).facts.get("Observation/v-order-hba1c-1")
    assert fact is not None
    assert fact.version == "3"
    assert ward.sent("+15555552002") == []


async def test_an_older_body_of_a_trusted_source_changes_nothing(ward: Ward) -> None:
    await ward.admit("v-old", "+15555552003")
    ward.put(make.hba1c("v-old", 1, 9.8, ward.now))
    old = ward.fhir.versions["Observation/v-old-hba1c-1"][0][2]
    await ward.write(make.hba1c("v-old", 1, 6.0, ward.now))
    path = "/api/fhir/notifications/hooks/Observation/v-old-hba1c-1"
    assert ward.product.call("PUT", path, old).status == 200
    await ward.product.idle()
    fact = (await ward.record("v-old")).facts.get("Observation/v-old-hba1c-1")
    assert fact is not None
    assert fact.version == "2"
    assert ward.sent("+15555552003") == []


async def test_a_server_that_lags_behind_its_event_is_asked_again(ward: Ward) -> None:
    await ward.admit("v-lag", "+15555552004")
    ward.put(make.hba1c("v-lag", 1, 6.0, ward.now))
    behind = ward.event("Observation/v-lag-hba1c-1", "2")
    asked = len(ward.fhir.asked)
    assert ward.product.call("POST", EVENTS, [behind]).status == 200
    await ward.product.until(lambda: len(ward.fhir.asked) > asked)
    ward.put(make.hba1c("v-lag", 1, 9.9, ward.now))
    await ward.product.idle()
    fact = (await ward.record("v-lag")).facts.get("Observation/v-lag-hba1c-1")
    assert fact is not None
    assert fact.version == "2"
    assert len(ward.sent("+15555552004")) == 1


@pytest.mark.parametrize("status", [429, 500, 503, 401])
async def test_a_server_that_cannot_answer_is_asked_again(ward: Ward, status: int) -> None:
    number, patient_id = f"+1555555{2100 + status}", f"v-down-{status}"
    await ward.admit(patient_id, number)
    event = ward.put(make.hba1c(patient_id, 1, 9.8, ward.now))
    ward.fhir.failing, asked = status, len(ward.fhir.asked)
    assert ward.product.call("POST", EVENTS, [event]).status == 200
    await ward.product.until(lambda: len(ward.fhir.asked) > asked)
    assert ward.sent(number) == []
    ward.fhir.failing = 0
    assert (await ward.product.idle()).poisoned == {}
    assert len(ward.sent(number)) == 1


@pytest.mark.parametrize("wrong", ["deleted", "entered-in-error", "cancelled"])
async def test_what_is_taken_back_ends_the_journey(ward: Ward, wrong: str) -> None:
    """The confirmation went out; neither reminder does, though the hour comes."""
    number, patient_id = (
        {"deleted": "+15555552010", "entered-in-error": "+15555552011"}.get(wrong, "+15555552012"),
        f"v-{wrong}",
    )
    await ward.admit(patient_id, number)
    start = Instant(ward.now + 5 * DAY)
    await ward.write(make.appointment(patient_id, start))
    assert len(ward.sent(number)) == 1
    if wrong == "deleted":
        await ward.tell(ward.delete(f"Appointment/{patient_id}-visit"))
    else:
        await ward.write(make.appointment(patient_id, start, wrong))
    record = await ward.record(patient_id)
    assert record.enrolments == {}
    ward.pass_time(6 * DAY)
    await ward.run_timer("due")
    assert len(ward.sent(number)) == 1


async def test_a_deleted_result_takes_the_patient_out_of_the_segment(ward: Ward) -> None:
    await ward.admit("v-gone", "+15555552020")
    await ward.write(make.hba1c("v-gone", 1, 9.8, ward.now))
    gone = ward.delete("Observation/v-gone-hba1c-1")
    await ward.tell(gone, gone)
    record = await ward.record("v-gone")
    assert not any(name.endswith("poor-control") and m.member for name, m in record.memberships.items())
    assert record.enrolments == {}
    fact = record.facts.get("Observation/v-gone-hba1c-1")
    assert fact is None or fact.gone
    ward.pass_time(8 * DAY)
    await ward.run_timer("due")
    assert len(ward.sent("+15555552020")) == 1


async def test_a_deletion_that_nobody_has_a_history_of_is_recorded(ward: Ward) -> None:
    before = await ward.rejections()
    await ward.tell(ward.event("Observation/v-never", "3", "deleted"))
    assert sorted(await ward.rejections()) == sorted([*before, "deleted-unknown"])


async def test_a_result_moved_to_another_patient_leaves_the_first(ward: Ward) -> None:
    await ward.admit("v-from", "+15555552030")
    await ward.admit("v-to", "+15555552031")
    result = make.hba1c("v-from", 1, 9.8, ward.now)
    await ward.write(result)
    await ward.write({**result, "subject": {"reference": "Patient/v-to"}})
    left, got = await ward.record("v-from"), await ward.record("v-to")
    fact = left.facts.get("Observation/v-from-hba1c-1")
    assert fact is None or fact.gone
    assert left.enrolments == {}
    held = got.facts.get("Observation/v-from-hba1c-1")
    assert held is not None
    assert (held.version, held.gone) == ("2", False)
    assert len(ward.sent("+15555552031")) == 1


async def test_a_stop_outlives_a_merge(ward: Ward) -> None:
    """The person said stop, not the record: neither the merged nor the surviving record leads to an SMS."""
    for patient_id in ("v-merged", "v-survivor"):
        await ward.admit(patient_id, "+15555552040")
    await ward.write(make.hba1c("v-merged", 1, 9.8, ward.now))
    assert len(ward.sent("+15555552040")) == 1
    await ward.reply("+15555552040", "STOP")
    replaced = {"other": {"reference": "Patient/v-survivor"}, "type": "replaced-by"}
    merged = make.patient("v-merged", "Ana", "Rivera", "+15555552040") | {"active": False, "link": [replaced]}
    await ward.write(merged)
    await ward.write(make.appointment("v-survivor", Instant(ward.now + 5 * DAY)))
    await ward.write(make.appointment("v-merged", Instant(ward.now + 5 * DAY)))
    _, confirmed = ward.sent("+15555552040")
    assert "reply START" in confirmed
    rows = [row for row in await ward.rows("v-survivor") if row.template.split("|")[0].endswith("booked")]
    assert [(row.status, bool(row.status_reason)) for row in rows] in ([("not-done", True)], [])
    said = [line.text for line in await ward.timeline("v-survivor")]
    assert any("stop" in text.lower() or "opt" in text.lower() for text in said), said


async def test_a_renamed_location_reaches_the_text_of_what_is_sent_later(ward: Ward) -> None:
    await ward.admit("v-place", "+15555552050")
    start = Instant(ward.now + 5 * DAY)
    await ward.write(make.appointment("v-place", start))
    (booked,) = ward.sent("+15555552050")
    assert "Diabetes Clinic" in booked
    await ward.write({**CLINIC, "name": "Endocrinology, Building 7"})
    ward.pass_time(5 * DAY - 2 * HOUR + MINUTE)
    await ward.run_timer("due")
    later = ward.sent("+15555552050")[1:]
    assert later
    assert all("Endocrinology, Building 7" in text for text in later)

"""The whole product on Service Bus, through the real runtime: every queue is one of the broker's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import orjson
import pytest
from bus_ward import dead, executed, on_the_bus, opened, waiting
from product_kit import Product
from ward import Ward

from sandbox.play import resources as make
from shared.catalogue import Document
from shared.fhir.fact import Person
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.queues import ACS_EVENTS, CHANGES, EVENTS, MOST_DELIVERIES, NOTIFICATIONS, QUEUES
from shared.usecases.jobs import Happened, encode_job
from shared.usecases.populate import population_progress, start_population
from shared.usecases.publish import publish
from tests.unit.fhir.notification_data import grid

SEGMENT = "https://bus.example/segments/second"
OURS = "Organization/bus-1"
SECOND = Document(
    "segment",
    "second.yaml",
    {"url": SEGMENT, "version": "1", "title": "Second", "criteria": {"managing_organization": OURS}},
)
COUNT = 20


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with on_the_bus(tmp_path_factory.mktemp("bus")) as started:
        yield started


@pytest.fixture
async def ward(product: Product) -> Ward:
    return await opened(product)


async def rejected(ward: Ward, queue: str, *bodies: bytes) -> list[str]:
    """Put messages on a queue; the codes of the rejections that come of them."""
    return await ward.rejected_by(ward.product.send(queue, *bodies))


def test_every_queue_is_listened_to_on_the_bus(product: Product) -> None:
    kinds = [kind for _, kind in product.functions() if kind not in ("Http", "Timer")]
    assert kinds == ["ServiceBus"] * len(QUEUES)


async def test_a_change_becomes_a_message_its_report_and_the_answer_to_it(ward: Ward) -> None:
    """Notification → change → message → delivery report → STOP, each hop over a queue of its own."""
    await ward.admit("b-all", "+15555556001")
    await ward.write(make.hba1c("b-all", 1, 9.8, ward.now))
    (text,) = ward.sent("+15555556001")
    assert "Ana" in text
    (row,) = await ward.rows("b-all")
    assert (row.status, row.delivery) == ("completed", "delivered")
    await ward.reply("+15555556001", "STOP")
    said = [line.text for line in await ward.timeline("b-all")]
    assert any("STOP" in line for line in said), said
    await ward.write(make.hba1c("b-all", 2, 10.2, ward.now))
    assert len(ward.sent("+15555556001")) <= 2  # at most the confirmation of the STOP has followed
    assert (await ward.product.idle()).poisoned == {}


async def test_what_is_told_twice_is_handled_once(ward: Ward) -> None:
    """The queue drops the same version of the same resource, told again within minutes."""
    await ward.admit("b-twice", "+15555556002")
    event = ward.put(make.hba1c("b-twice", 1, 9.8, ward.now))
    before = executed(ward.product, "changes")
    await ward.tell(event, event, {**event, "id": "again"})
    assert executed(ward.product, "changes") == before + 1
    assert len(ward.sent("+15555556002")) == 1


async def test_a_publication_reaches_everybody(ward: Ward) -> None:
    async with ward.product.opened() as services:
        for number in range(COUNT):
            name = f"bus-{number}"
            person = Person(name, "1", 1, managing_organization=f"Organization/bus-{number % 2}")
            record = PatientRecord(patient_key(name), name, person)
            await services.patients.commit(await services.patients.load(record.key, name), Decision(record))
        version = (await publish(services, (SECOND,))).population
        await start_population(services, version, shards=4)
        assert (await ward.product.idle()).poisoned == {}
        progress = await population_progress(services, version)
        members = await services.indexes.members(SEGMENT)
    assert members == tuple(sorted(patient_key(f"bus-{number}") for number in range(1, COUNT, 2)))
    assert progress is not None
    assert progress.finished is not None


async def test_while_the_fhir_server_is_away_changes_wait_and_then_all_arrive(ward: Ward) -> None:
    """No change is dead-lettered, and what comes at last comes once."""
    people = [f"b-away{number}" for number in range(3)]
    for number, patient_id in enumerate(people):
        await ward.admit(patient_id, f"+1555555601{number}")
    events = [ward.put(make.hba1c(patient_id, 1, 9.8, ward.now)) for patient_id in people]
    ward.fhir.failing = 503
    for event in events:
        assert ward.product.call("POST", "/api/fhir/notifications/events", [event]).status == 200
    await ward.product.until(lambda: waiting(ward.product, CHANGES)["scheduled"] == len(people))
    assert all(ward.sent(f"+1555555601{number}") == [] for number in range(3))
    ward.fhir.failing = 0
    look = await ward.product.idle()
    assert look.poisoned == {}
    assert [len(ward.sent(f"+1555555601{number}")) for number in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("queue", [CHANGES, EVENTS])
async def test_what_is_no_job_is_rejected_once(ward: Ward, queue: str) -> None:
    rubbish = (b"", b"\x00\xff\xfe", b"not json", b"[]", b'{"type": "change"}', b'{"a":' * 5_000 + b"1")
    assert await rejected(ward, queue, *rubbish) == ["bad-job"] * len(rubbish)


async def test_what_is_no_event_is_rejected_once(ward: Ward) -> None:
    rubbish = (b"not json", b"{}", b"[1]", b"\xff\xfe", orjson.dumps(grid(1, subject="x")), b"{" * 3_000)
    assert len(await rejected(ward, NOTIFICATIONS, *rubbish)) == len(rubbish)
    assert len(await rejected(ward, ACS_EVENTS, *rubbish[:4])) == 4


async def test_acs_events_come_by_their_queue_too(ward: Ward) -> None:
    """Event Grid may put an answer on `acs-events` in place of calling us."""
    await ward.admit("b-acs", "+15555556003")
    await ward.write(make.hba1c("b-acs", 1, 9.8, ward.now))
    received = {"from": "+15555556003", "to": "+15555550100", "message": "STOP", "messageId": "i-1"}
    event = {
        "id": "e-1",
        "topic": "/subscriptions/s/resourcegroups/r/providers/microsoft.communication/services/c",
        "subject": "/phonenumber/15555550100",
        "data": {**received, "receivedTimestamp": "2026-03-03T15:00:00Z"},
        "eventType": "Microsoft.Communication.SMSReceived",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": "2026-03-03T15:00:00Z",
    }
    assert await rejected(ward, ACS_EVENTS, orjson.dumps([event])) == []
    assert any("STOP" in line.text for line in await ward.timeline("b-acs"))


async def test_a_bug_is_tried_as_often_as_the_queue_says_then_dead_lettered(ward: Ward) -> None:
    """What raises anything but the known failures is poison; the dead-letter queue has it, with a reason."""
    await ward.admit("b-bug", "+15555556004")
    before = executed(ward.product, "events")
    bug = Happened("e-bug", "explode", "b-bug", ward.now)
    await ward.product.send(EVENTS, encode_job(bug))
    look = await ward.product.idle()
    assert look.poisoned == {f"{EVENTS}/$deadletterqueue": 1}
    assert executed(ward.product, "events") == before + MOST_DELIVERIES
    (message,) = await asyncio.to_thread(dead, ward.product, EVENTS)
    assert message.delivery_count == MOST_DELIVERIES
    assert message.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert b"".join(message.body) == encode_job(bug)
    assert (await ward.product.idle()).poisoned == {}

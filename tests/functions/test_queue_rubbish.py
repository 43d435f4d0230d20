"""Rubbish on the queues: recorded as a rejection and acknowledged, once; nothing loops."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import orjson
import pytest
from ward import Ward

from shared.queues import (
    CHANGES,
    EVENTS,
    INBOUND,
    NOTIFICATIONS,
    OUTBOX,
    POPULATIONS,
    RECOVERIES,
    REPORTS,
    WAKEUPS,
)
from shared.usecases.services import Services
from tests.unit.fhir.notification_data import grid

JOBS = (CHANGES, WAKEUPS, REPORTS, INBOUND, OUTBOX, RECOVERIES, POPULATIONS, EVENTS)
CHANGE = {"type": "change", "resource_type": "Observation", "resource_id": "1"}
RUBBISH = (
    b"",
    b"\x00\xff\xfe",
    b"not json",
    b"[]",
    b"{}",
    b'{"type": "unknown-job"}',
    b'{"type": "change"}',
    orjson.dumps({**CHANGE, "resource_id": 5}),
    orjson.dumps({**CHANGE, "version": {"a": [1]}}),
    b'{"type": "wake", "key": 1, "due": "x"}',
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
)
IDS = ("..", "../../x", "a/b", "", "x" * 65, "1?x", "%2e%2e", "1 2", "\x00")


def walk(services: Services) -> AsyncIterator[str]:
    return services.patients.keys()


def encoded(*bodies: bytes) -> list[str]:
    return [base64.b64encode(body).decode() for body in bodies]


async def put(ward: Ward, queue: str, *texts: str) -> list[str]:
    """Put messages on a queue; the codes of the rejections that come of them."""
    return await ward.rejected_by(ward.product.put(queue, *texts))


@pytest.mark.parametrize("queue", JOBS)
async def test_what_is_no_job_is_rejected_once(ward: Ward, queue: str) -> None:
    assert await put(ward, queue, *encoded(*RUBBISH)) == ["bad-job"] * len(RUBBISH)


@pytest.mark.parametrize("queue", JOBS)
async def test_a_job_of_another_queue_is_rejected(ward: Ward, queue: str) -> None:
    other = b'{"type":"refresh","key":"k"}' if queue != OUTBOX else orjson.dumps(CHANGE)
    assert await put(ward, queue, *encoded(other)) == ["bad-job"]


async def test_hostile_ids_in_jobs_are_rejected_before_anybody_is_asked(ward: Ward) -> None:
    jobs = [orjson.dumps({**CHANGE, "resource_id": identity}) for identity in IDS]
    assert await put(ward, CHANGES, *encoded(*jobs)) == ["bad-reference"] * len(IDS)
    assert ward.fhir.asked == []


async def test_a_job_for_nobody_makes_no_patient(ward: Ward) -> None:
    async with ward.product.opened() as services:
        before = [key async for key in walk(services)]
        wake = b'{"type":"wake","key":"nobody","due":1}'
        assert await put(ward, WAKEUPS, *encoded(wake)) == []
        assert await put(ward, OUTBOX, *encoded(b'{"type":"refresh","key":"nobody"}')) == []
        report = {"type": "report", "message_id": "m", "key": "", "status": "delivered", "at": 1}
        assert await put(ward, REPORTS, *encoded(orjson.dumps(report))) == ["unknown-message"]
        known = {**report, "key": "nobody"}
        await put(ward, REPORTS, *encoded(orjson.dumps(known)))
        assert [key async for key in walk(services)] == before


async def test_what_is_no_event_is_rejected(ward: Ward) -> None:
    rubbish = (
        b"not json",
        b"{}",
        b"[]",
        b"[1]",
        b"\xff\xfe",
        orjson.dumps(grid(1, subject="x")),
        b"{" * 3_000,
    )
    assert len(await put(ward, NOTIFICATIONS, *encoded(*rubbish))) == len(rubbish)
    mixed = orjson.dumps([grid(1, subject="x"), grid(2, data=None)])
    assert len(await put(ward, NOTIFICATIONS, *encoded(mixed))) == 1


async def test_what_is_not_base64_is_put_aside_by_the_host(ward: Ward) -> None:
    """As in Azure, the host cannot even decode it: it goes to the poison queue at once, and stays there."""
    await ward.product.put(CHANGES, "not base64!", "{}")
    look = await ward.product.idle()
    assert look.poisoned == {f"{CHANGES}-poison": 2}
    assert sorted(await ward.product.take_texts(f"{CHANGES}-poison")) == ["not base64!", "{}"]
    assert (await ward.product.idle()).poisoned == {}


def test_nothing_of_all_this_was_a_failure(ward: Ward) -> None:
    """No function raised: rubbish is no bug, and is not tried again."""
    told = ward.product.call("GET", "/admin/host/status").json["functions"]
    assert isinstance(told, list)
    failed = {each["name"]: each["failed"] for each in told if each["failed"]}
    assert set(failed) <= {"changes", "events"}, failed  # other tests let the FHIR server fail on purpose
    assert asyncio.run(ward.product.idle()).busy == ()

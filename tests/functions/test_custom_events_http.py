"""Events told over HTTP, through the whole product: a journey begins, once; what is wrong is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from product_kit import PROBLEM, Product, Reply
from ward import Ward

from sandbox.play import resources as make
from shared.catalogue import Document
from shared.queues import EVENTS
from shared.usecases.jobs import Happened
from shared.usecases.publish import publish

URL = "https://told.example/journeys/registered"
MARK = "SECRET-7f3a"
MRN = "https://told.example/mrn"
REGISTERED = Document(
    "journey",
    "registered.yaml",
    {
        "url": URL,
        "version": "1",
        "title": "Registered",
        "trigger": {"event": "portal-registered"},
        "re_entry": "after-exit",
        "steps": [{"id": "done", "kind": "exit", "reason": "seen"}],
    },
)


def tell(product: Product, name: str, body: object, **how: Any) -> Reply:
    return product.call("POST", f"/api/events/{name}", body, **how)


def told(patient_id: str, event_id: str = "1", **more: object) -> dict[str, object]:
    return {"id": event_id, "patient": {"reference": f"Patient/{patient_id}"}, **more}


async def entries(ward: Ward, patient_id: str) -> int:
    lines = await ward.timeline(patient_id)
    return sum(line.text == "Entered Registered: event portal-registered" for line in lines)


async def test_a_journey_begins_with_it_once_for_each_id(ward: Ward) -> None:
    async with ward.product.opened() as services:
        await publish(services, (REGISTERED,))
    await ward.write(make.patient("told-1", "Ana", "Rivera", "+12065550171"))
    for event_id in ("1", "1", "2"):
        answer = tell(ward.product, "portal-registered", told("told-1", event_id))
        assert (answer.status, answer.json) == (202, {"queued": 1})
    tell(ward.product, "portal-left", told("told-1", "3"))
    look = await ward.product.idle()
    assert look.poisoned == {}
    assert await entries(ward, "told-1") == 2


async def test_who_is_not_known_is_recorded(ward: Ward) -> None:
    before = (await ward.rejections()).count("unknown-patient")
    assert tell(ward.product, "portal-registered", told("told-nobody")).status == 202
    look = await ward.product.idle(60)
    assert look.poisoned == {}
    assert (await ward.rejections()).count("unknown-patient") == before + 1


@pytest.fixture
def served(intake: Product) -> Iterator[Product]:
    """Give the intake with two patients on its FHIR server."""
    for name in ("told-2", "told-3"):
        held = [{"system": MRN, "value": name}, {"system": MRN, "value": "both"}]
        intake.fhir.put({**make.patient(name, "A", "B", ""), "identifier": held}, intake.clock.now())
    yield intake
    intake.fhir.forget()


async def test_by_identifier_it_is_queued_by_id(served: Product) -> None:
    body = {"id": "7", "patient": {"identifier": {"system": MRN, "value": "told-2"}}}
    assert tell(served, "portal-registered", body).status == 202
    assert await served.arrived(EVENTS, 1) == [
        Happened("portal-registered|7", "portal-registered", "told-2", served.clock.now())
    ]


@pytest.mark.parametrize("value", ["nobody", "both"])
def test_an_identifier_of_nobody_or_of_two(served: Product, value: str) -> None:
    body = {"id": "7", "patient": {"identifier": {"system": MRN, "value": value}}}
    answer = tell(served, "portal-registered", body)
    assert (answer.status, answer.headers["content-type"]) == (422, PROBLEM)


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("portal-registered", b"", 400, "bad-json"),
        ("portal-registered", b"[" * 5_000, 400, "bad-json"),
        ("portal-registered", orjson.dumps([told("1")]), 400, "bad-event"),
        ("portal-registered", orjson.dumps(told("1", MARK + " ")), 400, "bad-event"),
        ("portal-registered", orjson.dumps(told(f"{MARK}/..")), 400, "bad-reference"),
        ("portal-registered", orjson.dumps(told("1", at=MARK)), 400, "bad-event"),
        ("portal-registered", orjson.dumps({**told("1"), MARK: 1}), 400, "bad-event"),
        ("portal-registered", b" " * 20_000, 413, "too-large"),
        ("Portal_Registered", orjson.dumps(told("1")), 400, "bad-name"),
        ("portal%20registered", orjson.dumps(told("1")), 400, "bad-name"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    untouched: Product, name: str, body: bytes, status: int, code: str
) -> None:
    answer = tell(untouched, name, body)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json["type"] == f"urn:hearthline:problem:{code}"
    assert MARK not in answer.body.decode()


def test_a_key_is_needed(untouched: Product) -> None:
    assert tell(untouched, "portal-registered", told("1"), key=None).status == 401
    assert untouched.call("GET", "/api/events/portal-registered").status in (404, 405)


def test_while_the_server_is_away_it_says_to_come_again(served: Product) -> None:
    served.fhir.failing = 503
    body = {"id": "7", "patient": {"identifier": {"system": MRN, "value": "told-2"}}}
    answer = tell(served, "portal-registered", body)
    assert (answer.status, answer.headers["content-type"]) == (503, PROBLEM)

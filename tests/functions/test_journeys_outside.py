"""What a journey does outside, through the whole product: a task is written, a team and a system are told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from ward import Ward

from sandbox.plan import webhook_secret
from sandbox.play import resources as make
from sandbox.webhooks.app import Receiver, started
from shared.catalogue import Document
from shared.patient.record import patient_key
from shared.usecases.publish import publish

URL = "https://outside.example/journeys/worried"
WORRIED = Document(
    "journey",
    "worried.yaml",
    {
        "url": URL,
        "version": "1",
        "title": "Worried",
        "trigger": {"event": "patient-worried"},
        "re_entry": "after-exit",
        "steps": [
            {"id": "call", "kind": "task", "title": "Call the patient", "due": "P1D", "priority": "urgent"},
            {"id": "team", "kind": "notify", "to": "care-team", "title": "Somebody is worried"},
            {"id": "tell", "kind": "webhook", "to": "partner", "event": "patient.worried"},
            {"id": "a-day", "kind": "wait", "duration": "P1D"},
        ],
    },
)


@pytest.fixture
async def receiver(ward: Ward) -> AsyncIterator[Receiver]:
    """Serve where the settings of the stack say that the webhooks are."""
    stack = ward.product.stack
    secret, port = webhook_secret(stack.access_key), stack.plan.ports.webhooks
    async with started(secret, stack.clock, port) as running:
        yield running.receiver


async def test_a_task_is_written_and_a_team_and_a_system_are_told_once(
    ward: Ward, receiver: Receiver
) -> None:
    async with ward.product.opened() as services:
        await publish(services, (WORRIED,))
    await ward.write(make.patient("worried-1", "Ana", "Rivera", "+12065550181"))
    event = {"id": "1", "patient": {"reference": "Patient/worried-1"}}
    for _ in range(2):
        assert ward.product.call("POST", "/api/events/patient-worried", event).status == 202
        assert (await ward.product.idle()).poisoned == {}
    (reference,) = (name for name in ward.fhir.versions if name.startswith("Task/"))
    ((_, _, task),) = ward.fhir.versions[reference]
    assert task is not None
    assert (task["description"], task["priority"]) == ("Call the patient", "urgent")
    assert task["for"] == {"reference": "Patient/worried-1"}
    assert task["restriction"]["period"]["end"] > task["authoredOn"]
    card, call = sorted(receiver.store.all(), key=lambda told: told.kind, reverse=True)
    assert (card.kind, card.times, call.kind, call.times) == ("teams", 1, "signed", 1)
    key = patient_key("worried-1")
    console = ward.product.stack.plan.ports.webhooks
    link = card.body["actions"][0]["url"]  # type: ignore[index] # a card has a button
    assert link.startswith(f"http://127.0.0.1:{console}/console/patients/{key}?enrolment=")
    assert "worried-1" not in str(card.body)
    assert call.body["type"] == "patient.worried"
    assert (await ward.record("worried-1")).outbox == {}
    lines = [line.text for line in await ward.timeline("worried-1")]
    assert "At call: a task for staff: Call the patient" in lines
    assert receiver.store.refused == 0

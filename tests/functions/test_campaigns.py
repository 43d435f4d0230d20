"""A campaign through the Functions runtime: approved, run by timers over its queue, paused; live results."""

from __future__ import annotations

from typing import Any

from ward import Ward

from shared.catalogue import Document
from shared.fhir.instants import HOUR
from shared.patient.record import patient_key
from shared.usecases.campaigns.moves import find, move
from shared.usecases.campaigns.status import RunStatus, status
from shared.usecases.publish import publish

BASE = "https://campaigns.example"
CAMPAIGN = f"{BASE}/campaigns/check-up"
DIABETES = "https://hearthline.example/segments/diabetes"
TEMPLATE = "https://hearthline.example/templates/diabetes-invitation"


def definitions(**pace: int) -> tuple[Document, ...]:
    journey = {
        "url": f"{BASE}/journeys/check-up",
        "version": "1",
        "title": "Check-up",
        "trigger": {"manual": True},
        "limits": {"in_all": 1000},
        "steps": [
            {"id": "invite", "kind": "send", "template": TEMPLATE, "channels": ["sms"]},
            {"id": "a-week", "kind": "wait", "duration": "P7D"},
        ],
    }
    campaign = {
        "url": CAMPAIGN,
        "version": "1",
        "title": "Check-up",
        "journey": f"{BASE}/journeys/check-up",
        "audience": {"in": [f"{BASE}/segments/c-only"]},
        "schedule": {"start": "2020-01-01T09:00"},
        "pace": pace,
    }
    only = {"url": f"{BASE}/lists/c-only", "version": "1", "members": ["c-ana", "c-bea"]}
    segment = {
        "url": f"{BASE}/segments/c-only",
        "version": "1",
        "title": "Of this test",
        "criteria": {"all": [{"member_of": DIABETES}, {"in_list": f"{BASE}/lists/c-only"}]},
    }
    kinds: dict[Any, dict[str, Any]] = {
        "journey": journey,
        "campaign": campaign,
        "list": only,
        "segment": segment,
    }
    return tuple(Document(kind, f"{kind}.yaml", body) for kind, body in kinds.items())


async def moved(ward: Ward, *actions: str) -> None:
    who = {"submit": ("ana", "outreach"), "approve": ("ben", "clinical-lead")}
    async with ward.product.opened() as services:
        for action in actions:
            by, role = who.get(action, ("ana", ""))
            await move(services, CAMPAIGN, action, by, role, "because")  # type: ignore[arg-type]


async def result(ward: Ward) -> RunStatus:
    async with ward.product.opened() as services:
        return (await status(services, await find(services, CAMPAIGN), messages=True)).runs[-1]


async def test_a_campaign_brings_in_as_many_as_its_pace_allows_and_a_pause_holds_the_rest(ward: Ward) -> None:
    """Through the timer, the queue, the journey's gate and its keeper, to the phone."""
    async with ward.product.opened() as services:
        await publish(services, definitions(per_hour=1))
    numbers = {"c-ana": "+15555557001", "c-bea": "+15555557002"}
    for patient, number in numbers.items():
        await ward.admit(patient, number)
    first, second = sorted(numbers, key=patient_key)
    await moved(ward, "submit", "approve", "start")
    await ward.run_timer("campaigns")
    await ward.run_timer("admission")
    assert [len(ward.sent(numbers[name])) for name in (first, second)] == [1, 0]
    found = await result(ward)
    assert (found.asked, found.entered, found.inside, found.remaining) == (1, 1, 1, 1)
    assert sum(found.messages.values()) == 1
    await moved(ward, "pause")
    ward.pass_time(HOUR + 1)
    await ward.run_timer("campaigns")
    assert (await result(ward)).asked == 1
    await moved(ward, "resume")
    await ward.run_timer("campaigns")
    await ward.run_timer("admission")
    assert [len(ward.sent(numbers[name])) for name in (first, second)] == [1, 1]
    found = await result(ward)
    assert (found.asked, found.entered, found.remaining) == (2, 2, 0)

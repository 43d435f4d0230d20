"""The dry run of a 90-day journey over the Synthea patients agrees, message for message, with the real thing.

Really played means: FHIR server, functions host, storage and provider of the sandbox, on its virtual clock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cli.definitions import read_definitions
from sandbox.plan import TIME_ZONE, Plan, app_settings
from sandbox.play import setting
from sandbox.play.hospital import Hospital
from sandbox.play.player import Player
from sandbox.play.story import Resource
from sandbox.population.reading import read_ndjson
from sandbox.ports import Ports
from sandbox.stack import Stack
from shared.bootstrap import build
from shared.catalogue import Document
from shared.config import settings
from shared.events import Event
from shared.fhir.instants import DAY, MINUTE, Instant, parse_instant
from shared.message.policy import Policy
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.ports import Stored
from shared.usecases.services import Services
from shared.usecases.simulation.assumptions import Assumptions
from shared.usecases.simulation.life import Life
from shared.usecases.simulation.needed import needed
from shared.usecases.simulation.stage import Plan as DryPlan
from shared.usecases.simulation.stage import set_stage
from shared.usecases.take_in import take_in_everyone

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("HEARTHLINE_DATA", ROOT.parent / "shared" / "data")) / "synthea"
START = parse_instant("2021-04-01T15:00:00Z")
END = Instant(START + 90 * DAY)
LATE = 20 * MINUTE
"""In reality a wait begins some seconds after the one before has ended: the timer's beat, and the work."""

BASE = "https://hearthline.example"
SEGMENT, INVITE, REMIND = (
    f"{BASE}/segments/diabetes",
    f"{BASE}/templates/diabetes-invitation",
    f"{BASE}/templates/diabetes-reminder",
)
JOURNEY: dict[str, Any] = {
    "url": f"{BASE}/journeys/ninety-days",
    "version": "1",
    "title": "Ninety days",
    "trigger": {"segment_entered": SEGMENT},
    "audience": {"in": [f"{BASE}/segments/adults"]},
    "exit_when": {"after": "P80D"},
    "steps": [
        {"id": "invite", "kind": "send", "template": INVITE, "channels": ["sms", "email"], "fallback": True},
        {
            "id": "seen",
            "kind": "wait_for",
            "cases": [{"when": {"message": {"step": "invite", "is": ["opened"]}}, "next": "month"}],
            "timeout": "P7D",
        },
        {
            "id": "which",
            "kind": "split",
            "ways": [
                {"name": "soon", "weight": 2, "next": "next-tuesday"},
                {"name": "later", "weight": 1, "next": "month"},
            ],
        },
        {
            "id": "next-tuesday",
            "kind": "wait",
            "until": {"weekdays": ["tue", "thu"], "at": "10:00"},
            "zone": "patient",
        },
        {"id": "remind", "kind": "send", "template": REMIND, "channels": ["email", "sms"], "next": "old"},
        {"id": "month", "kind": "wait", "duration": "P1M"},
        {
            "id": "old",
            "kind": "branch",
            "cases": [{"when": {"criteria": {"age": {"at_least": 65}}}, "next": "long"}],
            "otherwise": "short",
        },
        {"id": "short", "kind": "wait", "duration": "P20D", "next": "last"},
        {"id": "long", "kind": "wait", "duration": "P45D"},
        {"id": "last", "kind": "send", "template": REMIND, "channels": ["sms", "email"]},
        {"id": "after", "kind": "wait", "duration": "P55D"},
        {"id": "too-late", "kind": "send", "template": REMIND, "channels": ["sms"]},
    ],
}

type Sent = tuple[str, str, str, str, Instant]
"""Patient, step, channel, language, when."""


def resources() -> Iterator[Resource]:
    """Give all patients, and of their past what the journey's segments ask for."""
    yield from read_ndjson(DATA, types=frozenset({"Patient", "Condition"}))


def definitions() -> tuple[Document, ...]:
    return needed(Document("journey", "ninety-days", JOURNEY), read_definitions())


class _Messages:
    """Sees the messages of a life."""

    begun: Sequence[str] = ()

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def saw(self, now: Instant, events: Sequence[Event], before: PatientRecord, decision: Decision) -> None:
        for effect in decision.effects:
            message = decision.record.messages[effect.message_id]  # type: ignore[union-attr]
            name = decision.record.patient_id
            self.sent.append((name, message.step, message.channel, message.language, now))


def simulated(
    records: Sequence[PatientRecord], documents: tuple[Document, ...], policy: Policy
) -> list[Sent]:
    """Play everybody on paper: whatever is sent arrives, nobody opens or answers."""
    nobody = Assumptions(shares={"delivered": 1.0, "opened": 0.0, "clicked": 0.0, "answered": 0.0})
    stage = set_stage(DryPlan(documents, policy, nobody, START, END))
    watch = _Messages()
    for record in records:
        life = Life(record, stage, watch)
        life.begin()
        while life.due is not None:
            life.step()
    return watch.sent


async def played(services: Services, keys: Sequence[str]) -> list[Sent]:
    """Read what was really sent from the rows of the messages."""
    found: list[Sent] = []
    for key in keys:
        for message in await services.patients.messages(key):
            if message.status == "completed":
                assert message.delivery == "delivered"
                at = message.first_sent or message.created
                found.append((key, message.step, message.channel, message.language, at))
    return found


async def stored(services: Services, patient_ids: Sequence[str]) -> list[PatientRecord]:
    loaded: list[Stored] = [await services.patients.load(patient_key(each), each) for each in patient_ids]
    return [one.record for one in loaded]


@pytest.mark.skipif(not DATA.exists(), reason="the Synthea patients are not here (HEARTHLINE_DATA)")
async def test_the_dry_run_says_what_really_happens(tmp_path: Path) -> None:
    quick = {"HEARTHLINE_CATALOGUE_SECONDS": "0", "AzureWebJobs.audit.Disabled": "true"}
    plan = Plan(Ports.free(), tmp_path, start=START, settings=quick)
    documents = definitions()
    async with Stack(plan) as stack, aiohttp.ClientSession() as session:
        services = await build(settings(app_settings(stack.plan, stack.access_key)), session)
        hospital = Hospital(stack, session)
        await setting.fill(stack, hospital, resources(), lambda _: None)
        patient_ids = await take_in_everyone(services, lambda done, of: None)
        expected = simulated(await stored(services, patient_ids), documents, services.policy)
        await setting.put_in_force(stack, services, documents)
        player = Player(stack, services, hospital, lambda *_: None)
        await player.play((), END)
        names = {patient_key(each): each for each in patient_ids}
        happened = [(names[key], *rest) for key, *rest in await played(services, list(names))]
    assert services.policy.zone == TIME_ZONE
    assert len(patient_ids) == 615
    steps = {step for _, step, *_ in expected}
    assert steps == {"invite", "remind", "last"}, "each message of the journey, and none after its time is up"
    _agree(expected, happened)


def _agree(expected: list[Sent], happened: list[Any]) -> None:
    assert len(expected) > 60
    assert sorted(each[:4] for each in expected) == sorted(each[:4] for each in happened)
    real = {each[:4]: each[4] for each in happened}
    late = {each[:4]: real[each[:4]] - each[4] for each in expected}
    assert all(0 <= by <= LATE for by in late.values()), max(late.values())

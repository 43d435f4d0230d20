"""SIGKILL of the functions host at random moments, ten times over: nothing is lost, nothing doubled.

The whole local stack, with the real FHIR server. HEARTHLINE_SEED replays a run's moments (what the machine
does at them it decides anew each time).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from cli.definitions import read_definitions
from sandbox.idle import until_idle
from sandbox.plan import Plan, app_settings
from sandbox.play import resources as make
from sandbox.play import setting
from sandbox.play.evidence import not_reflected
from sandbox.play.hospital import Hospital
from sandbox.play.story import Resource, Write
from sandbox.population.places import places
from sandbox.ports import Ports
from sandbox.stack import Stack
from shared.bootstrap import build
from shared.config import settings
from shared.fhir.instants import DAY, Instant, parse_instant
from shared.patient.record import patient_key
from shared.patient.state import Message
from shared.usecases.services import Services
from shared.usecases.take_in import take_in_everyone

KILLS = 10
PATIENTS = 30
START = parse_instant("2026-03-03T15:00:00Z")
PROVIDER = [
    {"do": "slow", "ms": 150.0},
    {"do": "accept-drop", "nth": [7, 23, 41]},
]
"""The provider takes its time, so that calls are under way when the host dies, and loses some answers."""
UNRULY = {"duplicate": 0.2, "reorder": 0.3, "window_ms": 200.0}
TEMPLATES = ("diabetes-invitation", "appointment-booked")


def people() -> list[str]:
    return [f"k{number:02d}" for number in range(PATIENTS)]


def known_before() -> list[Resource]:
    """Make what the FHIR server holds when the first change comes: everybody has diabetes."""
    patients = [
        make.patient(patient_id, "Ana", "Rivera", f"+1555555{5000 + number}")
        for number, patient_id in enumerate(people())
    ]
    here = [place for place in places() if place["resourceType"] == "Location"]
    return [*here, *patients, *(make.diabetes(patient_id) for patient_id in people())]


def changes(chance: random.Random) -> list[Resource]:
    """Make a result and an appointment for everybody, each of which leads to one message, in any order."""
    visit = Instant(START + 20 * DAY)
    found = [make.hba1c(patient_id, 1, 9.8, START) for patient_id in people()]
    found += [make.appointment(patient_id, visit) for patient_id in people()]
    chance.shuffle(found)
    return found


async def kill_again_and_again(stack: Stack, hospital: Hospital, chance: random.Random) -> None:
    """Write everything, a tenth before each kill, half of it while the host is down or starts."""
    waiting = changes(chance)
    share = len(waiting) // KILLS
    for _ in range(KILLS):
        batch, waiting = waiting[:share], waiting[share:]
        await asyncio.gather(*(hospital.do(Write(resource)) for resource in batch[: share // 2]))
        await asyncio.sleep(chance.uniform(0.0, 0.3))  # the moment is what the test is about
        restart = asyncio.create_task(stack.restart_host(kill=True))
        await asyncio.gather(*(hospital.do(Write(resource)) for resource in batch[share // 2 :]))
        await restart
    assert waiting == []


async def rows(services: Services) -> dict[str, Message]:
    """Return all message rows of everybody, by id."""
    found = [await services.patients.messages(patient_key(patient_id)) for patient_id in people()]
    return {row.message_id: row for each in found for row in each}


async def get(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url, raise_for_status=True) as answer:
        return await answer.json()


async def opened(stack: Stack, session: aiohttp.ClientSession) -> tuple[Services, Hospital]:
    """Load and take in the population, and put the definitions in force."""
    services = await build(settings(app_settings(stack.plan, stack.access_key)), session)
    hospital = Hospital(stack, session)
    await setting.fill(stack, hospital, known_before(), lambda _: None)
    await take_in_everyone(services)
    await setting.put_in_force(stack, services, read_definitions())
    return services, hospital


async def test_killed_ten_times_over_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    seed = int(os.environ.get("HEARTHLINE_SEED", "20260303"))
    print(f"HEARTHLINE_SEED={seed}")  # noqa: T201  # to replay a failure
    plan = Plan(Ports.free(), tmp_path, start=START, settings={"HEARTHLINE_CATALOGUE_SECONDS": "0"})
    async with Stack(plan) as stack, aiohttp.ClientSession() as session:
        services, hospital = await opened(stack, session)
        async with session.put(f"{stack.urls['acs']}/sandbox/faults", json=PROVIDER) as answer:
            assert answer.status == 200
        await hospital.behave({**UNRULY, "seed": seed})
        await kill_again_and_again(stack, hospital, random.Random(seed))
        look = await until_idle(stack, 60)
        assert look.poisoned == {}
        stats = await get(session, f"{stack.urls['acs']}/sandbox/stats")
        accepts = {name: counts["accepts"] for name, counts in stats["requests"].items()}
        sent = await rows(services)
        judge(sent, accepts)
        assert len(hospital.versions) == 2 * PATIENTS
        assert await not_reflected(services, people(), hospital.versions) == 0
        unknown = [row for row in sent.values() if row.status == "unknown"]
        print(f"{len(sent)} messages, {len(unknown)} of them unknown, {sum(accepts.values())} accepted")  # noqa: T201  # worth knowing


def judge(sent: dict[str, Message], accepts: dict[str, int]) -> None:
    """Hold what was sent to what was expected: one message each, taken once, or shown as unknown."""
    wanted = Counter({(f"+1555555{5000 + n}", name): 1 for n in range(PATIENTS) for name in TEMPLATES})
    assert (
        Counter((row.to, row.template.partition("|")[0].rpartition("/")[2]) for row in sent.values())
        == wanted
    )
    intents = Counter((row.enrolment_id, row.sequence) for row in sent.values())
    assert set(intents.values()) == {1}
    assert set(accepts) <= set(sent), "the provider took a message that we know nothing of"
    for message_id, row in sent.items():
        taken = accepts.get(message_id, 0)
        assert row.status in {"completed", "unknown"}, (row.status, row.status_reason)
        assert taken == 1 if row.status == "completed" else taken <= 1, (row.status, taken)

"""What really happened, gathered from the provider, the records and the FHIR server after a play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.play.oracle import Delivered
from sandbox.play.story import Story
from sandbox.stack import Stack
from shared.fhir.instants import MINUTE, Instant, parse_instant
from shared.patient.record import patient_key
from shared.usecases.services import Services

_IMMEDIATE = MINUTE
"""A message within this after a write came of that write; later ones came of time."""


@dataclass(slots=True)
class Evidence:
    """Messages as the provider has them, and what the records say."""

    delivered: list[Delivered] = field(default_factory=list)
    accepts: Mapping[str, int] = field(default_factory=dict)
    """How often the provider accepted each message id; more than once is a double."""
    strangers: int = 0
    """Messages at the provider that no row of ours stands behind."""
    unknown: int = 0
    events: int = 0
    """Changes that Event Grid delivered."""


async def gather(stack: Stack, services: Services, patients: Mapping[str, str]) -> Evidence:
    """Gather the evidence; `patients` maps keys to FHIR ids."""
    evidence = Evidence()
    async with aiohttp.ClientSession() as session:
        sent = await _json(session, f"{stack.urls['acs']}/sandbox/messages")
        stats = await _json(session, f"{stack.urls['acs']}/sandbox/stats")
        events = await _json(session, f"{stack.urls['events']}/sandbox/stats")
    rows = {m.message_id: (key, m) async for key, m in services.patients.messages_in("completed")}
    for message in sent["messages"]:
        found = rows.get(message["request_id"])
        if found is None:
            evidence.strangers += 1
            continue
        key, row = found
        template = row.template.partition("|")[0].rpartition("/")[2]
        at = parse_instant(message["at"])
        intent = (row.enrolment_id or f"{row.step} {row.answers}", row.sequence)
        evidence.delivered.append(
            Delivered(patients.get(key, ""), template, row.language, row.channel, at, intent)
        )
    evidence.accepts = {name: counts["accepts"] for name, counts in stats["requests"].items()}
    evidence.unknown = len([1 async for _ in services.patients.messages_in("unknown")])
    evidence.events = int(events["delivered"])
    return evidence


async def not_reflected(services: Services, patient_ids: Sequence[str], versions: Mapping[str, str]) -> int:
    """Count written resources whose last version, or deletion, no record of these patients shows.

    What we ourselves have written since is a later version.
    """
    missing = dict(versions)
    for patient_id in patient_ids:
        record = (await services.patients.load(patient_key(patient_id), patient_id)).record
        for reference, version in list(missing.items()):
            fact = record.person if reference == f"Patient/{patient_id}" else record.facts.get(reference)
            if fact is not None and (fact.gone if version == "" else _reaches(fact.version, version)):
                del missing[reference]
    return len(missing)


def _reaches(version: str, written: str) -> bool:
    """Say whether a version is the one written, or comes after it: this server counts them."""
    return version == written or (version.isdecimal() and written.isdecimal() and int(version) > int(written))


def latencies(delivered: Sequence[Delivered], written: Mapping[str, Sequence[Instant]]) -> list[float]:
    """Return milliseconds from each write to the provider's acceptance of what came of it at once, sorted."""
    found: list[float] = []
    for message in delivered:
        before = [at for at in written.get(patient_key(message.patient_id), ()) if at <= message.at]
        if before and message.at - before[-1] <= _IMMEDIATE:
            found.append((message.at - before[-1]) / 1000)
    return sorted(found)


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile of sorted values by the nearest rank; 0 of none."""
    return round(values[min(len(values) - 1, int(len(values) * share))], 1) if values else 0.0


async def not_left(stack: Stack, stories: Sequence[Story]) -> list[str]:
    """Return what the FHIR server does not hold in the end as the stories say it must, in words."""
    wrong: list[str] = []
    async with aiohttp.ClientSession() as session:
        for story in stories:
            for leave in story.leaves:
                held = await _json(session, f"{stack.urls['fhir']}/{leave.reference}")
                found = {"status": held.get("status", ""), "answer": _answer(held, story.patient_id)}
                told = {name: found[name] for name in leave.elements}
                if told != leave.elements:
                    wrong.append(f"{leave.reference} is {told}, not {leave.elements}")
            if story.tasks:
                url = f"{stack.urls['fhir']}/Task?patient={story.patient_id}&_count=50"
                entries = (await _json(session, url)).get("entry", [])
                codes = sorted(entry["resource"]["code"]["text"] for entry in entries)
                if codes != sorted(story.tasks):
                    wrong.append(f"staff have {codes} for {story.patient_id}, not {sorted(story.tasks)}")
    return wrong


def _answer(resource: dict[str, Any], patient_id: str) -> str:
    """Return a patient's participation in an appointment."""
    taking_part = resource.get("participant", [])
    own = (each for each in taking_part if each["actor"]["reference"] == f"Patient/{patient_id}")
    return next((str(each["status"]) for each in own), "")


async def _json(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with session.get(url, raise_for_status=True) as response:
        found: dict[str, Any] = await response.json()
    return found

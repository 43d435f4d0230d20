"""What tests of dry runs share: a journey that asks, its definitions, and people with phones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from cli.segment_population import Population
from shared.catalogue import Document
from shared.fhir.calendar import add, parse_duration
from shared.fhir.instants import parse_instant
from shared.message.policy import Policy
from shared.usecases.simulation.arrivals import Mode, split
from shared.usecases.simulation.assumptions import read_assumptions
from shared.usecases.simulation.playing import Parcel, Played, parcel, play
from shared.usecases.simulation.report import Report, report
from shared.usecases.simulation.stage import Plan, set_stage

type Resource = dict[str, Any]

BASE = "https://example.org"
JOURNEY = f"{BASE}/journeys/visit"
ADULTS = f"{BASE}/segments/adults"
START = parse_instant("2026-03-02T09:00:00Z")
CERTAIN = {"delivered": "1", "answered": "1"}
"""Supposed where a test wants no chance."""

SEGMENT: Resource = {
    "url": ADULTS,
    "version": "1",
    "title": "Adults",
    "criteria": {"age": {"at_least": 18}},
}
TEMPLATE: Resource = {
    "url": f"{BASE}/templates/come",
    "version": "1",
    "title": "Come",
    "purpose": "care",
    "default_language": "en",
    "channels": {
        "sms": {"text": {"en": "Hello {{ patient.given }}, please come. Reply YES."}},
        "email": {"subject": {"en": "Come"}, "text": {"en": "Please come."}},
    },
}
ASKS: list[Resource] = [
    {"id": "invite", "kind": "send", "template": TEMPLATE["url"], "channels": ["sms", "email"]},
    {
        "id": "reply",
        "kind": "wait_for",
        "cases": [
            {"when": {"answer": {"words": ["yes"]}}, "as": "coming", "next": "done"},
            {"when": {"answer": {"any": True}}, "as": "unclear", "next": "remind"},
        ],
        "timeout": "P7D",
        "timed_out": "remind",
    },
    {"id": "remind", "kind": "send", "template": TEMPLATE["url"], "channels": ["sms", "email"]},
    {"id": "a-month", "kind": "wait", "duration": "P1M"},
    {"id": "done", "kind": "exit", "reason": "over"},
]
"""Steps of a journey: an invitation, an answer or a time-out, a reminder, a month."""


def journey(steps: list[Resource] = ASKS, **more: object) -> Resource:
    """Return a journey for all adults."""
    head = {
        "url": JOURNEY,
        "version": "1",
        "title": "Visit",
        "trigger": {"segment_member": {"segment": ADULTS}},
    }
    return {**head, **more, "steps": steps}


def documents(body: Resource) -> tuple[Document, ...]:
    """Return a journey with what it needs."""
    return (
        Document("journey", "visit.yaml", body),
        Document("segment", "adults.yaml", SEGMENT),
        Document("template", "come.yaml", TEMPLATE),
    )


def plan(
    body: Resource | None = None,
    assume: Mapping[str, str] = CERTAIN,
    length: str = "P90D",
    seed: str = "1",
    **more: Any,
) -> Plan:
    """Return the plan of a dry run."""
    supposed = read_assumptions(assume.items(), seed=seed)
    end = add(START, parse_duration(length), ZoneInfo("UTC"))
    return Plan(documents(body or journey()), Policy(), supposed, START, end, **more)


def patient(number: int, **more: object) -> Resource:
    """Return a Patient resource: an adult with a mobile phone."""
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "birthDate": "1980-05-17",
        "name": [{"given": ["Ana"], "family": "Lopez"}],
        "telecom": [{"system": "phone", "use": "mobile", "value": f"+1206555{number:04}"}],
        **more,
    }


def parcels(resources: Iterable[Resource], plan: Plan, mode: Mode = "none") -> list[Parcel]:
    """Pack the patients of whom these resources are."""
    population = Population(ZoneInfo("UTC"), set_stage(plan).catalogue.arrivals)
    for each in resources:
        population.add([each])
    return [parcel(*split(record, mode, plan.start, plan.end)) for record in population.records()]


def people(count: int) -> list[Resource]:
    """Return so many patients."""
    return [patient(number) for number in range(count)]


def played(wanted: Plan, count: int = 20) -> Played:
    """Play so many alike."""
    return play(parcels(people(count), wanted), [wanted], 1)


def reported(wanted: Plan, resources: Iterable[Resource], mode: Mode = "none") -> Report:
    """Play patients, and report."""
    found = play(parcels(resources, wanted, mode), [wanted], 1)
    return report(found.counts[0], set_stage(wanted))

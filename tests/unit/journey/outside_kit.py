"""What tests of the steps that act outside share: a journey of one step, taken once."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from shared.effects import PostWebhook, WriteResource
from shared.fhir.instants import Instant, parse_instant
from shared.journey.compile import compile_journey
from shared.journey.definition import JourneyDefinition, parse_journey
from shared.journey.steps.base import Goes, Standing
from shared.patient.record import PatientRecord, identify
from shared.patient.state import Enrolment

URL = "https://hearthline.example/journeys/outside"
ZONE = ZoneInfo("America/New_York")
NOW = parse_instant("2026-03-07T15:00:00Z")
"""A day before daylight saving begins in New York."""
ENROLMENT = identify("the enrolment")


def journey(*steps: dict[str, Any], **more: Any) -> JourneyDefinition:
    trigger = {"fhir_change": {"type": "Appointment"}}
    base = {"url": URL, "version": "1", "title": "Outside", "trigger": trigger}
    return parse_journey({**base, "steps": list(steps), **more}, "outside.yaml")


def taken(
    step: dict[str, Any],
    *,
    focus: str = "Appointment/1",
    sequence: int = 3,
    now: Instant = NOW,
    **results: str,
) -> Goes:
    """Take a step; `results` by step id with "_" for "-"."""
    known = {name.replace("_", "-"): came for name, came in results.items()}
    waits = [
        {
            "id": name,
            "kind": "wait_for",
            "cases": [{"when": {"event": "e"}, "next": step["id"]}],
            "timeout": "P1D",
        }
        for name in known
    ]
    compiled = compile_journey(journey(*waits, step), ZONE)
    enrolment = Enrolment(
        ENROLMENT,
        f"{URL}|1",
        "active",
        step["id"],
        sequence,
        now,
        focus=focus,
        reason="HbA1c 9.1 % > 9 %",
        results=known,
    )
    outcome = compiled.steps[step["id"]].run(Standing(PatientRecord("opaque", "p-1"), enrolment, now))
    assert isinstance(outcome, Goes)
    return outcome


def effect(step: dict[str, Any], **more: Any) -> WriteResource | PostWebhook:
    (found,) = taken(step, **more).effects
    assert isinstance(found, WriteResource | PostWebhook)
    return found


def body(step: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(effect(step, **more).body)
    return found

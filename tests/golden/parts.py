"""What scenarios say, made into what the core takes: people, facts, FHIR resources, words on one line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

import yaml

from shared.effects import (
    AnswerAppointment,
    AskEntry,
    IndexEnrolment,
    OutboxEffect,
    PostWebhook,
    WriteResource,
)
from shared.fhir.fact import ContactPoint, Fact, Name, Person, Value
from shared.fhir.instants import Instant, iso, parse_instant
from shared.fhir.lens import Lens
from shared.fhir.project import project


def person(content: dict[str, Any]) -> Person:
    """Make a patient: given, family, languages, phone, email, zone, and fields of Person as they are."""
    name = Name("official", content.get("family", "Lopez"), (content.get("given", "Ana"),))
    rest = {k: v for k, v in content.items() if k not in ("given", "family")}
    return Person("p1", "1", names=(name,), **fields(rest))


def fields(content: dict[str, Any]) -> dict[str, Any]:
    """Return fields of a Person: lists as tuples, contact points and the time zone where they belong."""
    found = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}
    points = [ContactPoint(s, found.pop(s), "mobile") for s in ("phone", "email") if s in found]
    if points:
        found["telecom"] = tuple(points)
    if "zone" in found:
        found["attributes"] = {"time-zone": (found.pop("zone"),)}
    return found


def fact(content: dict[str, Any], at: Instant) -> Fact:
    """Make a fact: start and end as FHIR instants, `value` as a text, the rest as it is."""
    kind, _, identity = content["reference"].partition("/")
    moments = {k: parse_instant(content[k]) for k in ("start", "end") if k in content}
    attributes = {k: tuple(v) for k, v in content.get("attributes", {}).items()}
    rest = {k: content[k] for k in ("status", "title", "gone") if k in content}
    return Fact(
        kind,
        identity,
        str(content.get("version", at)),
        at,
        codes=tuple(content.get("codes", ())),
        value=Value(text=content["value"]) if "value" in content else None,
        attributes=attributes,
        **moments,
        **rest,
    )


def resource(content: dict[str, Any], at: Instant, zone: tzinfo, lens: Lens) -> Fact | Person:
    """Project a FHIR resource as it arrives; its version and instant are those of the happening."""
    meta = {"versionId": str(at), "lastUpdated": iso(at)} | content.get("meta", {})
    return project(content | {"meta": meta}, zone, lens).content


def flow(content: object) -> str:
    """Write content on one line."""
    return yaml.safe_dump(
        content, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True
    ).strip()


def told(effects: Iterable[OutboxEffect], roster: bool) -> Iterable[str]:
    """Say what is done outside, compactly; the roster's rows only where a scenario shows them."""
    for effect in effects:
        match effect:
            case WriteResource(resource_type=kind, body=body):
                yield f"{kind} {flow(_bare(json.loads(body)))}"
            case PostWebhook(to=to, body=body):
                yield f"post to {to}: {flow(json.loads(body))}"
            case AnswerAppointment(action=action, appointment=appointment, start=start):
                yield f"{action} {appointment} of {iso(start)}"
            case AskEntry():
                yield "asks to be let in"
            case IndexEnrolment(journey=journey, status=status, results=results, goal=goal) if roster:
                reached = ", goal reached" if goal else ""
                yield f"roster: {journey.rpartition('/')[2]} {status}{reached} {flow(results)}"


def _bare(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in ("resourceType", "id")}

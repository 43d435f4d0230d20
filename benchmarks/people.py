"""The made-up patients of the benchmarks: FHIR resources as the server holds them, derived from numbers.

A resource id says everything about it ("o-17-4-x": patient 17, observation 4, code X), so that the stub
server needs no memory and every process agrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from shared.fhir.fact import Fact, Person, Value
from shared.fhir.instants import DAY, Instant, parse_instant
from shared.fhir.project import project

START = parse_instant("2026-03-02T15:00:40Z")
"""When the virtual clock begins: a weekday's morning in the zone, the safety sweep just over."""
ZONE = ZoneInfo("America/New_York")
LOINC = "http://loinc.org"
SENDS, SILENT = "98979-8", "8867-4"
"""The code that sends a message, and one that does not."""
SHARE = f"{LOINC}|77777-7"
"""The code whose value, below a hundred, says in which share of a population a patient is."""

type Resource = dict[str, Any]

_META = {"versionId": "1", "lastUpdated": "2026-03-02T14:59:00.000Z"}
_KINDS = (*("Observation",) * 11, "Condition", *("Encounter",) * 2, *("MedicationRequest",) * 2, "Procedure",
          *("Immunization",) * 2, "ServiceRequest")  # fmt: skip
"""About what Synthea's patients are made of."""


def phone(number: int) -> str:
    """Return patient `number`'s own phone number, for at most five million of them."""
    return f"+1206{3_000_000 + number}"


def patient(number: int) -> Resource:
    """Return a Patient resource."""
    return {
        "resourceType": "Patient",
        "id": f"p-{number}",
        "meta": _META,
        "active": True,
        "name": [{"use": "official", "family": f"Baker{number}", "given": ["Ada"]}],
        "telecom": [{"system": "phone", "value": phone(number), "use": "mobile"}],
        "birthDate": f"{1940 + number % 60}-06-15",
        "gender": "female",
        "communication": [{"language": {"coding": [{"code": "en"}]}, "preferred": True}],
    }


def observation_id(number: int, count: int, sends: bool) -> str:
    """Name an Observation of patient `number`."""
    return f"o-{number}-{count}-{'x' if sends else 'y'}"


def observation(resource_id: str) -> Resource:
    """Return the Observation of that id."""
    _, number, count, kind = resource_id.split("-")
    return {
        "resourceType": "Observation",
        "id": resource_id,
        "meta": _META,
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": SENDS if kind == "x" else SILENT}], "text": "A test"},
        "subject": {"reference": f"Patient/p-{number}"},
        "effectiveDateTime": "2026-03-02T14:58:00Z",
        "valueQuantity": {"value": int(count) % 90 + 0.5, "unit": "mmol/L", "code": "mmol/L"},
    }


def resource(resource_type: str, resource_id: str) -> Resource | None:
    """Return what a server with all these patients has under an id; None for any other type."""
    if resource_type == "Patient":
        return patient(int(resource_id.removeprefix("p-")))
    return observation(resource_id) if resource_type == "Observation" else None


def person(number: int) -> Person:
    """Return the Patient resource, projected."""
    content = project(patient(number), ZONE).content
    assert isinstance(content, Person)
    return content


def facts(count: int) -> Iterator[Fact]:
    """Make up the past of a patient: `count` facts of the usual kinds, oldest first."""
    for number in range(count):
        kind = _KINDS[number % len(_KINDS)]
        at = Instant(START - (count - number) * DAY // 4)
        yield Fact(
            resource_type=kind,
            resource_id=f"{kind.lower()}-{number:08x}-5d3c-4f60-9a55-aa02b8c40c1e",
            version="1",
            updated=at,
            status="final" if kind == "Observation" else "completed",
            codes=(f"{LOINC}|{1000 + number % 140}-{number % 10}",),
            start=at,
            end=None if kind == "Observation" else Instant(at + DAY),
            value=Value(number=number % 211 / 2, unit="mg/dL") if kind == "Observation" else None,
            attributes={"encounter": (f"Encounter/{number // 9:08x}-22aa-41c7-93c4-0b1f",)},
            title=f"Finding number {number % 140} of a usual name",
        )

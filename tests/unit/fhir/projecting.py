"""Small makers for the tests of projections: instants, concepts, and a fact of a resource."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant, from_datetime
from shared.fhir.project import project

LOINC, SCT, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
QICORE = "http://hl7.org/fhir/us/qicore/StructureDefinition/"
PATIENT = {"reference": "Patient/p"}


def at(*when: int) -> Instant:
    """Return an instant in UTC, from year, month, day and so on."""
    return from_datetime(datetime(*when, tzinfo=UTC))  # type: ignore[arg-type]


def through(*when: int) -> Instant:
    """Return the last instant before that midnight: the end of what a date covers."""
    return Instant(at(*when) - 1)


def concept(system: str, code: str, display: str = "") -> dict[str, object]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def ref(to: str) -> dict[str, object]:
    return {"reference": to}


def fact(resource: dict[str, object], patient: str = "subject") -> Fact:
    """Project a resource that concerns patient p by the element `patient`."""
    content = project({"id": "r", patient: PATIENT, **resource}).content
    assert isinstance(content, Fact)
    return content


def person(**elements: object) -> Person:
    content = project({"resourceType": "Patient", "id": "p", **elements}).content
    assert isinstance(content, Person)
    return content

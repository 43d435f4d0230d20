"""Small hand-written patients, a file for each shipped segment: read from compact YAML, expanded to FHIR.

A file gives `as_of` and `patients`. A patient has `about`, what the Patient resource holds, `resources` (each
a mapping from its type to its elements), whether he or she is a `member` as of then, and `turns`: every
instant from then on at which membership changes with no new data. A patient may have an `as_of` of his or her
own.

Codes are short where FHIR is long: "snomed|71651007" is a CodeableConcept, a bare word is one where FHIR has
one, and whom a resource is about need not be said. Dates stay text.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from cli.yaml_files import load_yaml
from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.project import project
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.segment.codes import SYSTEMS

HERE = Path(__file__).parent
_BARE = {"clinicalStatus", "verificationStatus", "statusReason", "dischargeDisposition"}
"""CodeableConcepts of which the bare code is enough."""
_ABOUT = {
    "AllergyIntolerance": "patient",
    "Coverage": "beneficiary",
    "Immunization": "patient",
    "RelatedPerson": "patient",
}
"""The element that refers to the patient, where it is not `subject`."""


class Case(Struct, frozen=True):
    """A patient, and what is expected."""

    about: str
    record: PatientRecord
    as_of: Instant
    member: bool
    turns: tuple[Instant, ...]


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in HERE.glob("*.yaml")))


@cache
def cases(name: str) -> tuple[Case, ...]:
    """Read the patients of a segment."""
    document = load_yaml((HERE / f"{name}.yaml").read_text())
    return tuple(_case(patient, document["as_of"]) for patient in document["patients"])


def _case(given: dict[str, Any], as_of: str) -> Case:
    assert given.keys() <= {"about", "patient", "resources", "member", "turns", "as_of"}, given["about"]
    return Case(
        given["about"],
        _record(given.get("patient", {}), given.get("resources", [])),
        parse_instant(given.get("as_of", as_of)),
        given["member"],
        tuple(map(parse_instant, given["turns"])),
    )


def _record(patient: dict[str, Any], resources: list[dict[str, Any]]) -> PatientRecord:
    person = project({"resourceType": "Patient", "id": "p", **patient}).content
    assert isinstance(person, Person)
    facts = [_fact(str(number), *one) for number, held in enumerate(resources) for one in held.items()]
    return PatientRecord("key", "p", person, Facts.of_facts(*facts))


def _fact(identity: str, kind: str, elements: dict[str, Any]) -> Fact:
    me = {"reference": "Patient/p"}
    about = {"participant": [{"actor": me}]} if kind == "Appointment" else {_ABOUT.get(kind, "subject"): me}
    content = project({"resourceType": kind, "id": identity, **about, **_expanded("", elements)}).content
    assert isinstance(content, Fact)
    return content


def _expanded(element: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _expanded(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(element, inner) for inner in value]
    if element == "class":
        return {"code": value}
    if element in _BARE:
        return {"coding": [{"code": value}]}
    system, bar, code = value.rpartition("|") if isinstance(value, str) else ("", "", "")
    return {"coding": [{"system": SYSTEMS.get(system, system), "code": code}]} if bar else value

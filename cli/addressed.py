"""Where the admin API has what commands name: definitions by url, patients by FHIR id, and so on."""

from __future__ import annotations

from typing import Any

from cli.calling import Admin, Refused
from shared.document import Kind
from shared.fhir.canonical import version_key
from shared.fhir.references import parse_reference
from shared.patient.record import identify, patient_key


def definition_at(kind: Kind, url: str) -> str:
    """Return the id of a definition in addresses; functions.admin.shapes has it, and imports FastAPI."""
    return identify("definition", kind, url).replace("-", "")


def journey_at(url: str) -> str:
    """Return the address of a journey."""
    return f"/journeys/{definition_at('journey', url)}"


def patient_at(patient: str) -> str:
    """Return the address of a patient, "1" or "Patient/1". Raises Rejected for what is no reference."""
    key, _ = parse_reference(patient if "/" in patient else f"Patient/{patient}")
    return f"/patients/{patient_key(key.resource_id)}"


async def enrolment_at(admin: Admin, patient: str, beginning: str) -> str:
    """Return the address of an enrolment that goes on, by the beginning of its id. Raises Refused."""
    path = f"{patient_at(patient)}/enrolments"
    listed: list[dict[str, Any]] = (await admin.read(path))["items"]
    found = [each["enrolment"] for each in listed if beginning and each["enrolment"].startswith(beginning)]
    if len(found) != 1:
        told = "more than one enrolment begins" if found else "the patient has no enrolment that begins"
        raise Refused({"detail": f"{told} with this id"})
    return f"{path}/{found[0]}"


async def campaign_at(admin: Admin, reference: str) -> str:
    """Return the address of a campaign: "url|version", or the url of the latest. Raises Refused."""
    if "|" in reference:
        return f"/campaigns/{definition_at('campaign', reference)}"
    found = [each async for each in admin.pages("/campaigns") if each["url"] == reference]
    if not found:
        raise Refused({"detail": f"no campaign {reference} is published"})
    return f"/campaigns/{max(found, key=lambda each: version_key(each['version']))['campaign']}"

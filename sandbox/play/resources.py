"""The resources that stories write: small, valid FHIR R4, for one patient of the cast."""

from __future__ import annotations

from sandbox.play.story import Resource
from sandbox.population.clinical import DIABETES, HBA1C, LOINC, UCUM
from shared.fhir.instants import HOUR, MINUTE, Instant, iso

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_LANGUAGES = {"en": "English", "es": "Spanish"}


def patient(
    patient_id: str, given: str, family: str, phone: str = "", email: str = "", language: str = "en"
) -> Resource:
    """Make a patient of the cast: at home where the organisation is, so that its clock is theirs."""
    telecom = [{"system": "phone", "value": phone, "use": "mobile"}] if phone else []
    telecom += [{"system": "email", "value": email}] if email else []
    coding = {"system": "urn:ietf:bcp:47", "code": language, "display": _LANGUAGES[language]}
    found: Resource = {
        "resourceType": "Patient",
        "id": patient_id,
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": "female",
        "birthDate": "1961-05-17",
        "address": [
            {"use": "home", "line": ["1 Main Street"], "city": "Boston", "state": "MA", "country": "US"}
        ],
        "communication": [{"language": {"coding": [coding]}, "preferred": True}],
    }
    return found | ({"telecom": telecom} if telecom else {})


def diabetes(patient_id: str) -> Resource:
    """Make an active diagnosis of diabetes."""
    return {
        "resourceType": "Condition",
        "id": f"{patient_id}-diabetes",
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
        "code": _concept(*DIABETES),
        "subject": _subject(patient_id),
        "onsetDateTime": "2015-06-01",
    }


def hba1c(patient_id: str, number: int, value: float, at: Instant) -> Resource:
    """Make an HbA1c result in per cent."""
    return _observation(patient_id, f"hba1c-{number}", HBA1C, value, "%", at)


def pulse(patient_id: str, number: int, at: Instant) -> Resource:
    """Make a heart rate, which no segment asks for."""
    return _observation(patient_id, f"pulse-{number}", (LOINC, "8867-4", "Heart rate"), 72.0, "/min", at)


def appointment(patient_id: str, start: Instant, status: str = "booked", name: str = "visit") -> Resource:
    """Make an appointment at the diabetes clinic; with another start or status, its next version."""
    return {
        "resourceType": "Appointment",
        "id": f"{patient_id}-{name}",
        "status": status,
        "start": iso(start),
        "end": iso(Instant(start + 30 * MINUTE)),
        "participant": [
            {"actor": _subject(patient_id), "status": "accepted"},
            {"actor": {"reference": "Location/hl-diabetes"}, "status": "accepted"},
        ],
    }


def stay(patient_id: str, start: Instant, end: Instant | None = None) -> Resource:
    """Make a stay on the ward: in progress, or finished at `end`."""
    period = {"start": iso(start)} | ({"end": iso(end)} if end is not None else {})
    return {
        "resourceType": "Encounter",
        "id": f"{patient_id}-stay",
        "status": "in-progress" if end is None else "finished",
        "class": {"system": _CLASS, "code": "IMP", "display": "inpatient encounter"},
        "subject": _subject(patient_id),
        "period": period,
    }


def refusal(patient_id: str, at: Instant) -> Resource:
    """Make a Consent that denies being written to."""
    return {
        "resourceType": "Consent",
        "id": f"{patient_id}-refusal",
        "status": "active",
        "scope": _concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy"),
        "category": [_concept(LOINC, "59284-0", "Consent Document")],
        "patient": _subject(patient_id),
        "dateTime": iso(at),
        "policyRule": {"text": "Does not want to be contacted"},
        "provision": {"type": "deny"},
    }


def _observation(
    patient_id: str, name: str, code: tuple[str, str, str], value: float, unit: str, at: Instant
) -> Resource:
    return {
        "resourceType": "Observation",
        "id": f"{patient_id}-{name}",
        "status": "final",
        "code": _concept(*code),
        "subject": _subject(patient_id),
        "effectiveDateTime": iso(Instant(at - HOUR)),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def _concept(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _subject(patient_id: str) -> dict[str, str]:
    return {"reference": f"Patient/{patient_id}"}

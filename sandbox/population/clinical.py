"""What happened to the people of the generated population: visits, diabetes, high blood pressure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sandbox.population.people import Someone
from sandbox.population.places import HOSPITAL, PRACTITIONERS

type Resource = dict[str, object]

SCT, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_TERMS = "http://terminology.hl7.org/CodeSystem"
DIABETES = (SCT, "44054006", "Type 2 diabetes mellitus")
HYPERTENSION = (SCT, "38341003", "Hypertension")
HBA1C = (LOINC, "4548-4", "Hemoglobin A1c")
BLOOD_PRESSURE = (LOINC, "85354-9", "Blood pressure panel")
_METFORMIN = (RXNORM, "860975", "Metformin 500 MG Extended Release Oral Tablet")
_CHECK_UP = (SCT, "185349003", "Encounter for check up")
_ADMISSION = (SCT, "32485007", "Hospital admission")


def history(someone: Someone, chance: Random) -> Iterator[Resource]:
    """Give a patient's past, up to the day before `someone.last_day`."""
    past = _Past(someone.patient_id, chance, someone.last_day)
    yield from past.visits()
    if someone.age >= 30 and chance.random() < 0.3:
        yield from past.diabetes()
    if someone.age >= 40 and chance.random() < 0.4:
        yield from past.hypertension()
    if someone.age >= 60 and chance.random() < 0.15 and "deceasedDateTime" not in someone.patient:
        yield past.stay()


class _Past:
    """Makes resources of one patient; every instant lies within working hours, before `today`."""

    def __init__(self, patient_id: str, chance: Random, today: date) -> None:
        self._id, self._chance, self._today = patient_id, chance, today
        self._subject = {"reference": f"Patient/{patient_id}"}

    def visits(self) -> Iterator[Resource]:
        """Give one to four check-ups in the last three years."""
        for number in range(1, self._chance.randint(1, 4) + 1):
            began = self._moment(self._chance.randint(20, 1000))
            period = {"start": began.isoformat(), "end": (began + timedelta(minutes=30)).isoformat()}
            yield self._encounter(
                f"visit-{number}", "finished", "AMB", "ambulatory", _CHECK_UP, period, "hl-primary"
            )

    def stay(self) -> Resource:
        """Give a stay on the ward that goes on."""
        period = {"start": self._moment(self._chance.randint(1, 6)).isoformat()}
        kind = ("IMP", "inpatient encounter")
        return self._encounter("stay", "in-progress", *kind, _ADMISSION, period, "hl-ward")

    def diabetes(self) -> Iterator[Resource]:
        """Give the condition, its HbA1c results (some are overdue for one, some never had any), its drug."""
        known = self._chance.randint(200, 4000)
        yield self._condition("diabetes", DIABETES, known)
        yield from self._hba1c(known)
        if self._chance.random() < 0.8:
            yield self._prescription(min(known, 700))

    def hypertension(self) -> Iterator[Resource]:
        """Give the condition and one to three readings."""
        yield self._condition("hypertension", HYPERTENSION, self._chance.randint(100, 3000))
        for number in range(1, self._chance.randint(1, 3) + 1):
            yield self._pressure(number, self._chance.randint(10, 700))

    def _hba1c(self, known: int) -> Iterator[Resource]:
        count = self._chance.choice((0, 2, 3, 4, 5, 6))
        latest = self._chance.choice((30, 60, 90, 120, 220, 400))
        level = self._chance.gauss(8.2, 1.6)
        for number in range(1, count + 1):
            ago = latest + (count - number) * 100
            if ago < known:
                level = min(13.0, max(5.2, level + self._chance.gauss(0, 0.5)))
                yield self._observation(f"hba1c-{number}", "laboratory", HBA1C, ago) | _quantity(level, "%")

    def _pressure(self, number: int, ago: int) -> Resource:
        upper, lower = self._chance.randint(118, 168), self._chance.randint(70, 99)
        parts = [
            {"code": _concept(LOINC, "8480-6", "Systolic blood pressure"), **_quantity(upper, "mm[Hg]")},
            {"code": _concept(LOINC, "8462-4", "Diastolic blood pressure"), **_quantity(lower, "mm[Hg]")},
        ]
        return self._observation(f"bp-{number}", "vital-signs", BLOOD_PRESSURE, ago) | {"component": parts}

    def _moment(self, days_ago: int) -> datetime:
        minutes = self._chance.randrange(0, 9 * 60, 15)
        return datetime.combine(self._today - timedelta(days=days_ago), time(13), UTC) + timedelta(
            minutes=minutes
        )

    def _condition(self, name: str, code: tuple[str, str, str], days_ago: int) -> Resource:
        onset = (self._today - timedelta(days=days_ago)).isoformat()
        return {
            "resourceType": "Condition",
            "id": f"{self._id}-{name}",
            "clinicalStatus": {"coding": [{"system": f"{_TERMS}/condition-clinical", "code": "active"}]},
            "verificationStatus": {
                "coding": [{"system": f"{_TERMS}/condition-ver-status", "code": "confirmed"}]
            },
            "category": [_concept(f"{_TERMS}/condition-category", "problem-list-item", "Problem List Item")],
            "code": _concept(*code),
            "subject": self._subject,
            "onsetDateTime": onset,
            "recordedDate": onset,
        }

    def _observation(self, name: str, category: str, code: tuple[str, str, str], days_ago: int) -> Resource:
        when = self._moment(days_ago).isoformat()
        return {
            "resourceType": "Observation",
            "id": f"{self._id}-{name}",
            "status": "final",
            "category": [_concept(f"{_TERMS}/observation-category", category, category)],
            "code": _concept(*code),
            "subject": self._subject,
            "effectiveDateTime": when,
            "issued": when,
        }

    def _prescription(self, days_ago: int) -> Resource:
        return {
            "resourceType": "MedicationRequest",
            "id": f"{self._id}-metformin",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": _concept(*_METFORMIN),
            "subject": self._subject,
            "authoredOn": (self._today - timedelta(days=days_ago)).isoformat(),
            "requester": {"reference": f"Practitioner/{self._chance.choice(PRACTITIONERS)[0]}"},
        }

    def _encounter(
        self,
        name: str,
        status: str,
        kind: str,
        display: str,
        code: tuple[str, str, str],
        period: dict[str, str],
        place: str,
    ) -> Resource:
        doctor = {"reference": f"Practitioner/{self._chance.choice(PRACTITIONERS)[0]}"}
        return {
            "resourceType": "Encounter",
            "id": f"{self._id}-{name}",
            "status": status,
            "class": {"system": f"{_TERMS}/v3-ActCode", "code": kind, "display": display},
            "type": [_concept(*code)],
            "subject": self._subject,
            "participant": [{"individual": doctor}],
            "period": period,
            "location": [{"location": {"reference": f"Location/{place}"}}],
            "serviceProvider": {"reference": HOSPITAL},
        }


def _concept(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _quantity(value: float, unit: str) -> Resource:
    return {"valueQuantity": {"value": round(value, 1), "unit": unit, "system": UCUM, "code": unit}}

"""The people of the generated population: patients, and a parent for each child. Nobody of them is real.

Phone numbers are of the range 555-0100 to 555-0199, which no exchange gives out; a number is used once as
long as there are fewer than 1,500 patients. Email addresses are at example.com (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sandbox.population.names import FAMILY, GIVEN
from sandbox.population.places import PRACTITIONERS

type Resource = dict[str, object]

_LANGUAGE = {"en": ("en-US", "English (United States)"), "es": ("es", "Spanish")}
_STREETS = ("Elm Street", "Maple Avenue", "Harbor Road", "Mill Lane", "Summit Drive", "Chestnut Street")
_CITIES = (
    ("Boston", "02118"),
    ("Cambridge", "02139"),
    ("Quincy", "02169"),
    ("Lynn", "01902"),
    ("Salem", "01970"),
)
_AREAS = (
    617,
    508,
    781,
    978,
    413,
    857,
    774,
    339,
    351,
    401,
    603,
    207,
    802,
    860,
    203,
    212,
    718,
    516,
    914,
    518,
    607,
    315,
    716,
    585,
    609,
    732,
    973,
    201,
    856,
    908,
)  # fmt: skip - thirty area codes of the north-east, a number of each in turn
_CHILD, _ADULT = 18, 22


@dataclass(frozen=True, slots=True)
class Someone:
    """A patient's resource, and what their history depends on."""

    patient: Resource
    patient_id: str
    age: int
    language: str
    last_day: date
    """Today, or the day of death."""


def phone_number(index: int) -> str:
    """Give the index-th fictional US number, in E.164."""
    return f"+1{_AREAS[index % len(_AREAS)]}55501{index // len(_AREAS) % 100:02d}"


def someone(number: int, chance: Random, today: date) -> Someone:
    """Make up the patient with this number (1, 2, …)."""
    patient_id = f"hl-{number:04d}"
    language = "es" if chance.random() < 0.3 else "en"
    gender = chance.choice(("female", "male"))
    born = _birth_date(chance, today)
    age = (today - born).days * 4 // 1461
    family, given = chance.choice(FAMILY[language]), chance.choice(GIVEN[language, gender])
    patient: Resource = {
        "resourceType": "Patient",
        "id": patient_id,
        "active": True,
        "identifier": [{"system": "urn:hearthline:mrn", "value": f"HL{number:06d}"}],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": gender,
        "birthDate": born.isoformat(),
        "address": [_address(chance)],
        "communication": [_language(language)],
        "generalPractitioner": [{"reference": f"Practitioner/{chance.choice(PRACTITIONERS)[0]}"}],
    }
    if age >= _CHILD and (telecom := _telecom(number, chance)):
        patient["telecom"] = telecom
    last_day = today
    if age >= 75 and chance.random() < 0.15:
        last_day -= timedelta(days=chance.randint(20, 900))
        patient["deceasedDateTime"] = last_day.isoformat()
    return Someone(patient, patient_id, age, language, last_day)


def parent(number: int, child: Someone, chance: Random) -> Resource:
    """Make up the parent who is written to in a child's place."""
    gender = chance.choice(("female", "male"))
    code, display = ("MTH", "mother") if gender == "female" else ("FTH", "father")
    given = chance.choice(GIVEN[child.language, gender])
    name = child.patient["name"]
    assert isinstance(name, list)
    return {
        "resourceType": "RelatedPerson",
        "id": f"{child.patient_id}-parent",
        "active": True,
        "patient": {"reference": f"Patient/{child.patient_id}"},
        "relationship": [{"coding": [{"system": _ROLES, "code": code, "display": display}], "text": display}],
        "name": [{"use": "official", "family": name[0]["family"], "given": [given]}],
        "gender": gender,
        "telecom": [_mobile(2 * number + 1), _email(f"{child.patient_id}.parent")],
        "communication": [_language(child.language)],
    }


_ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def _birth_date(chance: Random, today: date) -> date:
    """Spread ages as a clinic sees them: some children, most in middle age and beyond."""
    years = chance.randint(2, 15) if chance.random() < 0.12 else min(95, round(chance.gauss(56, 18)))
    return today - timedelta(
        days=round(max(years, 2 if years < 16 else _ADULT) * 365.25) + chance.randint(0, 364)
    )


def _telecom(number: int, chance: Random) -> list[Resource]:
    """Nearly all have a mobile phone, most an email address, some an old landline, a few nothing at all."""
    way = chance.random()
    if way < 0.05:
        return []
    found = [] if way < 0.15 else [_mobile(2 * number)]
    if way < 0.12 or chance.random() < 0.7:
        found.append(_email(f"hl-{number:04d}"))
    return found or [{"system": "phone", "value": phone_number(2 * number), "use": "home"}]


def _mobile(index: int) -> Resource:
    return {"system": "phone", "value": phone_number(index), "use": "mobile", "rank": 1}


def _email(local: str) -> Resource:
    return {"system": "email", "value": f"{local}@example.com", "use": "home"}


def _address(chance: Random) -> Resource:
    city, postal_code = chance.choice(_CITIES)
    line = [f"{chance.randint(1, 299)} {chance.choice(_STREETS)}"]
    place = {"city": city, "state": "MA", "postalCode": postal_code, "country": "US"}
    return {"use": "home", "line": line, **place}


def _language(language: str) -> Resource:
    code, display = _LANGUAGE[language]
    coding = {"system": "urn:ietf:bcp:47", "code": code, "display": display}
    return {"language": {"coding": [coding], "text": display}, "preferred": True}

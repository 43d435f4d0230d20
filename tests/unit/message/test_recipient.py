"""Who gets a message about a patient: the patient, a guardian, a carer who has agreed; at which age."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.choice import Choice
from shared.fhir.fact import ContactPoint, Fact, Name
from shared.fhir.instants import DAY, Instant, parse_instant
from shared.fhir.spelled import spelled
from shared.message.policy import Policy
from shared.message.recipient import is_minor, recipients, why_not_them
from shared.patient.record import PatientRecord
from tests.unit.message.kit import NOW, PERSON, POLICY, record

CHILD = replace(PERSON, birth_date="2015-05-01")


def relative(resource_id: str, code: str, **more: object) -> Fact:
    """Return a RelatedPerson with a mobile number."""
    about = {
        "relationship": (f"urn:role|{code}",),
        "spelled-name": spelled([Name(given=("Eva",), family="Lopez")]),
        "spelled-telecom": spelled([ContactPoint("phone", "+12125550199", "mobile")]),
        "language": ("de",),
    }
    fact = Fact("RelatedPerson", resource_id, "2", status="active", attributes=about)
    return replace(fact, **more)


def parties(held: PatientRecord, to: str = "patient", now: Instant = NOW) -> list[str]:
    """Return whom a message may go to, in order."""
    return [r.party for r in recipients(held, to, POLICY, now)]


def test_an_adult_is_written_to_in_person_whoever_else_there_is():
    assert parties(record(PERSON, relative("m", "MTH"))) == [""]


def test_of_a_minor_it_is_the_guardian_first_and_the_family_s_contact_points_last():
    held = record(CHILD, relative("m", "MTH"), relative("n", "NBOR"))
    assert parties(held) == ["RelatedPerson/m", ""]
    mother = recipients(held, "patient", POLICY, NOW)[0]
    assert (mother.languages, mother.relationship, mother.reference) == (("de",), "MTH", "RelatedPerson/m")
    assert mother.telecom[0].value == "+12125550199"


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "inactive"},
        {"gone": True},
        {"end": Instant(NOW - 1)},
        {"start": Instant(NOW + 1)},
    ],
)
def test_a_relation_that_does_not_hold_is_none(changed: dict[str, object]):
    assert parties(record(CHILD, relative("m", "MTH", **changed))) == [""]


def test_a_relation_holds_through_its_last_instant():
    assert parties(record(CHILD, relative("m", "MTH", end=NOW))) == ["RelatedPerson/m", ""]


def test_a_carer_must_have_agreed():
    held = record(PERSON, relative("c", "CARER"))
    assert parties(held, "carer") == []
    pending = replace(held, opt_ins=(Choice("*", "", NOW, "pending", party="RelatedPerson/c"),))
    assert parties(pending, "carer") == []
    agreed = replace(held, opt_ins=(Choice("*", "", NOW, "staff", party="RelatedPerson/c"),))
    assert parties(agreed, "carer") == ["RelatedPerson/c"]


def test_a_consent_that_names_the_carer_is_a_yes():
    about = {"provision-type": ("permit",), "provision-actor": ("RelatedPerson/c",)}
    consent = Fact("Consent", "1", status="active", attributes=about)
    assert parties(record(PERSON, relative("c", "CARER"), consent), "carer") == ["RelatedPerson/c"]
    ended = replace(consent, end=Instant(NOW - 1))
    assert parties(record(PERSON, relative("c", "CARER"), ended), "carer") == []


@pytest.mark.parametrize(
    ("born", "at", "minor"),
    [
        ("2008-03-02", "2026-03-01T23:59:59.999999-05:00", True),
        ("2008-03-02", "2026-03-02T00:00:00-05:00", False),
        ("2008-02-29", "2026-02-27T23:59:59-05:00", True),
        ("2008-02-29", "2026-02-28T00:00:00-05:00", False),
        ("2008-03", "2026-03-31T23:59:59-04:00", True),
        ("2008-03", "2026-04-01T00:00:00-04:00", False),
        ("2008", "2026-12-31T23:59:59-05:00", True),
        ("2008", "2027-01-01T00:00:00-05:00", False),
        ("", "2026-01-01T00:00:00Z", False),
    ],
)
def test_of_age_from_midnight_of_the_birthday_where_the_organisation_is(born: str, at: str, minor: bool):
    held = record(replace(PERSON, birth_date=born))
    assert is_minor(held, POLICY, parse_instant(at)) is minor


def test_a_guardian_is_not_written_to_any_more_once_the_child_is_of_age():
    held = record(CHILD, relative("m", "MTH"))
    grown = Instant(NOW + 10 * 366 * DAY)
    assert why_not_them(held, "RelatedPerson/m", POLICY, NOW) == ""
    assert why_not_them(held, "RelatedPerson/m", POLICY, grown) == "the patient is of age now"
    assert parties(held, now=grown) == [""]


def test_nobody_writes_to_a_relative_who_is_not_the_patient_s_any_more():
    held = record(CHILD, relative("m", "MTH", gone=True))
    assert why_not_them(held, "RelatedPerson/m", POLICY, NOW) == "RelatedPerson/m is no longer the patient's"
    assert why_not_them(held, "", POLICY, NOW) == ""


@given(st.dates(date(2000, 1, 1), date(2020, 12, 31)), st.integers(0, 12_000), st.sampled_from([16, 18, 21]))
def test_whom_recipients_name_may_always_be_written_to(born: date, days: int, majority: int):
    """The two answers never disagree, at whatever age."""
    held = record(replace(PERSON, birth_date=born.isoformat()), relative("m", "MTH"), relative("g", "GUARD"))
    now = Instant(parse_instant("2000-01-01T00:00:00Z") + days * DAY)
    policy = Policy(majority=majority)
    named = {r.party for r in recipients(held, "patient", policy, now)}
    allowed = {
        p for p in ("", "RelatedPerson/m", "RelatedPerson/g") if not why_not_them(held, p, policy, now)
    }
    assert named == allowed

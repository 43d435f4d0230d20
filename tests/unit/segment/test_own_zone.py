"""Segments counted in the patient's own time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from shared.fhir.project import project
from tests.unit.segment.making import ADA, at, observation, record, segment

NEW_YORK = ZoneInfo("America/New_York")
TODAY = "has: {type: Observation, when: {starts: today}}"


def asked(*zones: str) -> tuple[bool, int | None]:
    who = record(observation(7, "2021-03-14T03:00:00Z"), attributes={"time-zone": zones})
    found = segment(TODAY, NEW_YORK, time_zone="patient").evaluate(who, at("2021-03-14T12:00:00Z"))
    return found.member, found.next_flip


def test_days_are_the_patients():
    assert asked("Europe/London") == (True, at("2021-03-15T00:00:00Z"))
    assert asked("Asia/Tokyo") == (True, at("2021-03-14T15:00:00Z"))


def test_without_a_zone_or_with_rubbish_they_are_the_organisations():
    assert asked() == asked("Mars/Olympus") == asked("../etc") == (False, None)


def test_a_patient_who_moves_is_looked_at_again():
    assert ("Patient", "attributes", "") in segment(TODAY, time_zone="patient").touches
    assert ("Patient", "attributes", "") not in segment(TODAY).touches


def test_the_zone_is_read_from_the_standard_extension():
    url = "http://hl7.org/fhir/StructureDefinition/timezone"
    patient = {
        "resourceType": "Patient",
        "id": ADA.resource_id,
        "extension": [{"url": url, "valueCode": "Asia/Tokyo"}],
    }
    assert project(patient).content.attributes["time-zone"] == ("Asia/Tokyo",)

"""The shipped segments over the 615 synthetic patients: how many are in, and whom plain Python finds."""

from __future__ import annotations

import pytest

from shared.fhir.instants import Instant, parse_instant
from tests.segments.plain import COHORTS, charts
from tests.unit.segment import shipped

AS_OF = parse_instant("2021-04-01T00:00:00Z")
COUNTS = {
    "adults": 402,
    "asthma-copd-emergency": 0,
    "caregiver-of-minor": 0,
    "childhood-immunisation-due": 0,
    "covid-vaccination-due": 94,
    "depression-screening-due": 419,
    "diabetes": 27,
    "diabetes-hba1c-above-target": 9,
    "diabetes-poor-control": 0,
    "high-risk-medication-older-adults": 3,
    "hospice-care": 0,
    "influenza-vaccination-due": 202,
    "language-other-than-english": 97,
    "medicare-wellness-visit-due": 94,
    "missed-appointment": 0,
    "new-patient": 0,
    "no-hba1c-half-year": 12,
    "no-visit-in-a-year": 59,
    "overdue-cervical-screening": 106,
    "overdue-colorectal-screening": 73,
    "overdue-mammogram": 100,
    "pregnancy": 8,
    "recently-discharged": 0,
    "refill-due": 0,
    "statin-candidate": 30,
    "uncontrolled-hypertension": 81,
    "upcoming-appointment": 0,
    "waiting-list": 0,
    "well-child-visit-due": 12,
}
"""There are no appointments, fills, caregivers, coverage or hospice care; children are vaccinated by then."""
EARLIER = parse_instant("2012-01-01T00:00:00Z")
EARLIER_COUNTS = {
    "asthma-copd-emergency": 2,
    "childhood-immunisation-due": 30,
    "new-patient": 13,
    "recently-discharged": 2,
}
"""Those that find nobody in 2021, but can."""


def members(name: str, at: Instant = AS_OF) -> set[str]:
    segment = shipped.segments()[name]
    return {who for who, record in shipped.synthetic().items() if segment.evaluate(record, at).member}


def test_every_segment_has_as_many_members_as_written():
    assert {name: len(members(name)) for name in shipped.segments()} == COUNTS
    assert {name: len(members(name, EARLIER)) for name in EARLIER_COUNTS} == EARLIER_COUNTS


@pytest.mark.parametrize("name", COHORTS)
def test_plain_python_finds_the_same_people(name: str):
    shipped.synthetic()  # says so where there are no data
    found = {chart.raw["id"] for chart in charts(shipped.DATA / "synthea") if COHORTS[name](chart)}
    mine = members(name)
    assert (sorted(mine - found), sorted(found - mine)) == ([], []), "only ours; only plain Python"


def test_plain_python_tells_people_apart():
    living = len([record for record in shipped.synthetic().values() if not record.person.deceased])
    assert all(0 < COUNTS[name] < living for name in COHORTS)
    assert len(COHORTS) == 15

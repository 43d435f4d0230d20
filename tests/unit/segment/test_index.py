"""The index names the segments that a change can touch, and looks at no other."""

from __future__ import annotations

from datetime import UTC

import pytest
from msgspec.structs import replace

from shared.fhir.fact import Fact, Person
from shared.patient.apply import FactChanged
from shared.patient.state import Membership
from shared.segment.compile import compile_segments
from shared.segment.index import SegmentIndex
from tests.unit.segment.making import ADA, NO_VALUESETS, at, condition, definition, fact, observation, record

CRITERIA = {
    "urn:hba1c": "has: {type: Observation, code: loinc|4548-4}",
    "urn:stay": "has: {type: Encounter, class: act|IMP}",
    "urn:any-encounter": "has: {type: Encounter}",
    "urn:booked": "has: {type: Appointment, status: booked}",
    "urn:asthma": "has: {type: Condition, text: asthma, code: snomed|195967001}",
    "urn:women": "gender: female",
    "urn:adults": "age: {at_least: 18}",
    "urn:reach": "reachable_by: sms",
    "urn:both": "all: [member_of: urn:hba1c, member_of: urn:adults]",
}
INDEX = SegmentIndex(
    compile_segments([definition(text, url=url) for url, text in CRITERIA.items()], NO_VALUESETS, UTC)
)


def touched(before: Fact | Person | None, after: Fact | Person) -> set[str]:
    found = INDEX.touched_by(FactChanged(before, after))
    urls = [segment.url.removeprefix("urn:") for segment in found]
    assert len(urls) == len(set(urls))
    return set(urls)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, observation(7, "2021-01-01"), {"hba1c", "both"}),
        (None, observation(7, "2021-01-01", code="http://loinc.org|1-1"), set()),
        (observation(7, "2021-01-01"), observation(7, "2021-01-01", code="urn:x|1"), {"hba1c", "both"}),
        (observation(7, "2021-01-01"), fact("Observation", gone=True), {"hba1c", "both"}),
        (None, fact("Encounter", attributes={"class": ("urn:act|IMP",)}), {"stay", "any-encounter"}),
        (None, fact("Encounter", attributes={"class": ("urn:act|AMB",)}), {"any-encounter"}),
        (fact("Appointment", status="booked"), fact("Appointment", status="cancelled"), {"booked"}),
        (fact("Appointment", status="pending"), fact("Appointment", status="cancelled"), set()),
        (None, condition(), {"asthma"}),
        (ADA, replace(ADA, gender="male"), {"women"}),
        (ADA, replace(ADA, birth_date="1981-01-01"), {"adults", "both"}),
        (ADA, replace(ADA, version="2", updated=at("2021-01-01")), set()),
        (ADA, replace(ADA, deceased=True), {url.removeprefix("urn:") for url in CRITERIA}),
        (None, ADA, {url.removeprefix("urn:") for url in CRITERIA}),
        (ADA, Person("ada", gone=True), {url.removeprefix("urn:") for url in CRITERIA}),
    ],
)
def test_touched_by(before: Fact | Person | None, after: Fact | Person, expected: set[str]):
    assert touched(before, after) == expected


def test_segments_come_after_those_that_they_refer_to():
    shuffled = SegmentIndex(reversed(INDEX.all))
    order = [segment.url for segment in shuffled.all]
    assert order.index("urn:both") > max(order.index("urn:hba1c"), order.index("urn:adults"))
    assert {segment.url for segment in shuffled.all} == set(CRITERIA)


def test_who_can_be_reached_depends_on_opt_outs():
    assert [segment.url for segment in INDEX.touched_by_opt_out()] == ["urn:reach"]


def test_due_are_those_whose_flip_has_come():
    held = {
        "urn:adults": Membership("urn:adults|1", False, at("2021-01-01"), at("2021-02-01")),
        "urn:women": Membership("urn:women|1", True, at("2021-01-01")),
        "urn:gone": Membership("urn:gone|1", True, at("2021-01-01"), at("2021-02-01")),
    }
    who = replace(record(), memberships=held)
    assert INDEX.due(who, at("2021-01-31T23:59:59")) == ()
    assert [segment.url for segment in INDEX.due(who, at("2021-02-01"))] == ["urn:adults"]


def test_it_is_a_collection_by_url():
    assert len(INDEX) == len(CRITERIA)
    assert "urn:both" in INDEX
    assert "urn:none" not in INDEX
    assert INDEX.get("urn:none") is None
    found = INDEX.get("urn:both")
    assert found is not None
    assert found.canonical == "urn:both|1"


def test_a_change_costs_what_it_touches_however_many_segments_there_are():
    """Counted, not timed: the look-ups of a change are the same with 10 segments and with 1,000."""

    class Counting(dict):  # type: ignore[type-arg]
        looked = 0

        def get(self, *args: object) -> object:
            Counting.looked += 1
            return super().get(*args)

    costs = []
    for size in (10, 1000):
        rules = [f"has: {{type: Observation, code: 'urn:x|{n // 10}'}}" for n in range(size)]
        compiled = compile_segments(
            [definition(rule, url=f"urn:{n}") for n, rule in enumerate(rules)], NO_VALUESETS, UTC
        )
        index = SegmentIndex(compiled)
        index._touching = Counting(index._touching)
        Counting.looked = 0
        found = index.touched_by(FactChanged(None, observation(7, "2021-01-01", code="urn:x|0")))
        costs.append((len(found), Counting.looked))
    assert costs[0] == costs[1]
    assert costs[0][0] == 10

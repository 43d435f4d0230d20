"""Criteria on the patient, at the instants where they turn."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from shared.fhir.choice import Choice
from shared.fhir.fact import Address, ContactPoint, Fact
from shared.fhir.instants import Instant, iso
from shared.segment.evaluation import Evaluation
from tests.unit.segment.making import ADA, at, fact, holds, record, segment

NOW = "2021-06-01T12:00:00Z"
BOSTON = Address(city="Boston", state="MA", postal_code="02118-1234", country="US", line=("1 Main St",))
MOBILE = ContactPoint("phone", "+16175550100", "mobile")


@pytest.mark.parametrize(
    ("criteria", "changes", "member"),
    [
        ("gender: female", {}, True),
        ("gender: [male, other]", {}, False),
        ("gender: unknown", {"gender": ""}, False),
        ("language: es", {"languages": ("es-MX", "en")}, True),
        ("language: es-MX", {"languages": ("es",)}, False),
        ("language: en", {"languages": ("es", "en")}, False),
        ("language: [EN, fr]", {"languages": ("en-US",)}, True),
        ("language: e", {"languages": ("es",)}, False),
        ("language: es", {}, False),
        ("active: true", {}, True),
        ("deceased: false", {}, True),
        ("died: {before: 2021-01-01}", {}, False),
        ("died: {before: 2021-01-01}", {"deceased": True}, False),
        ("managing_organization: Organization/1", {"managing_organization": "Organization/1"}, True),
        ("managing_organization: Organization/1", {}, False),
        (
            "general_practitioner: [Practitioner/2, Practitioner/1]",
            {"general_practitioners": ("Practitioner/1",)},
            True,
        ),
        ("identifier: 'urn:mrn|7'", {"identifiers": ("urn:mrn|7",)}, True),
        ("identifier: 'urn:mrn|'", {"identifiers": ("urn:mrn|8",)}, True),
        ("identifier: 'urn:mrn|7'", {"identifiers": ("urn:mrn|78",)}, False),
        ("address: {state: ma, country: us}", {"addresses": (BOSTON,)}, True),
        ("address: {postal_code: '021*'}", {"addresses": (BOSTON,)}, True),
        ("address: {postal_code: '02118'}", {"addresses": (BOSTON,)}, False),
        (
            "address: {city: Boston, state: NY}",
            {"addresses": (BOSTON, Address(city="Albany", state="NY"))},
            False,
        ),
        ("address: {city: Boston}", {"addresses": (Address(use="old", city="Boston"),)}, False),
        ("address: {city: Boston}", {}, False),
        ("birth_month: 5", {}, True),
        ("birth_month: [1, 2]", {}, False),
        ("birth_month: 1", {"birth_date": "1980"}, False),
        ("birth_date: {from: 1980, before: 1981}", {}, True),
        ("birth_date: {until: 1980-05-17}", {}, True),
        ("birth_date: {after: 1980-05-17}", {}, False),
        ("birth_date: {after: 1900-01-01}", {"birth_date": ""}, False),
        ("reachable_by: sms", {"telecom": (MOBILE,)}, True),
        ("reachable_by: [email, whatsapp]", {"telecom": (MOBILE,)}, True),
        ("reachable_by: email", {"telecom": (MOBILE,)}, False),
        ("reachable_by: sms", {"telecom": (ContactPoint("phone", "1", "old"),)}, False),
        ("reachable_by: letter", {"addresses": (BOSTON,)}, True),
        ("reachable_by: letter", {}, False),
    ],
)
def test_an_element_of_the_patient(criteria: str, changes: dict[str, object], member: bool):
    assert holds(criteria, record(**changes), NOW) is member


def test_an_opt_out_closes_its_channel_only():
    who = record(telecom=(MOBILE,))
    stopped = replace(who, opt_outs=(Choice("sms", "+16175550100", at(NOW)),))
    assert not holds("reachable_by: sms", stopped, NOW)
    assert holds("reachable_by: [sms, whatsapp]", stopped, NOW)
    silenced = replace(who, opt_outs=(Choice("*", "", at(NOW)),))
    assert not holds("reachable_by: [sms, whatsapp]", silenced, NOW)


def test_a_contact_point_has_its_time():
    point = ContactPoint("email", "a@example.org", start=at("2021-01-01"), end=at("2021-07-01"))
    assert turns("reachable_by: email", telecom=(point,)) == [
        "2021-01-01T00:00:00.000Z",
        "2021-07-01T00:00:00.000Z",
    ]
    later = ContactPoint("email", "b@example.org", start=at("2021-06-01"), end=at("2021-08-01"))
    assert turns("reachable_by: email", telecom=(point, later))[1] == "2021-08-01T00:00:00.000Z"


def turns(criteria: str, zone: object = UTC, start: str = "1980-01-01", **changes: object) -> list[str]:
    compiled, who = segment(criteria, zone), record(**changes)
    now, found = at(start), []
    while (answer := compiled.evaluate(who, now)).next_flip is not None and len(found) < 4:
        assert compiled.evaluate(who, Instant(answer.next_flip - 1)).member == answer.member
        assert compiled.evaluate(who, answer.next_flip).member != answer.member
        now = answer.next_flip
        found.append(iso(now))
    return found


@pytest.mark.parametrize(
    ("criteria", "birth_date", "expected"),
    [
        ("age: {at_least: 18}", "1980-05-17", ["1998-05-17T00:00:00.000Z"]),
        ("age: {below: 18}", "1980-05-17", ["1998-05-17T00:00:00.000Z"]),
        (
            "age: {at_least: 18, below: 19}",
            "1980-05-17",
            ["1998-05-17T00:00:00.000Z", "1999-05-17T00:00:00.000Z"],
        ),
        ("age: {at_least: 18}", "1980-02-29", ["1998-03-01T00:00:00.000Z"]),
        ("age: {at_least: 20}", "1980-02-29", ["2000-02-29T00:00:00.000Z"]),
        ("age: {below: 1, unit: months}", "1980-01-31", ["1980-03-01T00:00:00.000Z"]),
        ("age: {below: 12, unit: months}", "1980-12-31", ["1981-12-31T00:00:00.000Z"]),
        ("age: {at_least: 2, unit: months}", "1980-12-31", ["1981-03-01T00:00:00.000Z"]),
        ("age: {at_least: 18}", "1980-05", ["1998-05-01T00:00:00.000Z"]),
        ("age: {at_least: 18}", "1980", ["1998-01-01T00:00:00.000Z"]),
        ("age: {at_least: 0}", "1980-05-17", ["1980-05-17T00:00:00.000Z"]),
        ("age: {at_least: 18}", "", []),
        ("age: {below: 18}", "", []),
        ("age: {below: 18}", "9999-12-31", []),
        ("birth_date: {last: P28D}", "1980-05-17", ["1980-05-17T00:00:00.000Z", "1980-06-14T00:00:00.000Z"]),
    ],
)
def test_an_age_is_reached_on_the_birthday(criteria: str, birth_date: str, expected: list[str]):
    assert turns(criteria, birth_date=birth_date) == expected


def test_a_birthday_begins_where_the_definition_says():
    zone = ZoneInfo("America/New_York")
    assert turns("age: {at_least: 18}", zone) == ["1998-05-17T04:00:00.000Z"]


def test_the_month_that_it_is_now():
    assert turns("birth_month: current") == [
        "1980-05-01T00:00:00.000Z",
        "1980-06-01T00:00:00.000Z",
        "1981-05-01T00:00:00.000Z",
        "1981-06-01T00:00:00.000Z",
    ]
    assert turns("birth_month: current", birth_date="1970-12-24")[:2] == [
        "1980-12-01T00:00:00.000Z",
        "1981-01-01T00:00:00.000Z",
    ]


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("include_deceased", {"deceased": True}),
        ("include_inactive", {"active": False}),
        ("include_merged", {"links": (("replaced-by", "Patient/eve"),)}),
    ],
)
def test_the_dead_the_inactive_and_the_merged_are_in_no_segment_unless_asked(
    word: str, changes: dict[str, object]
):
    who = record(**changes)
    assert not segment("gender: female").evaluate(who, at(NOW)).member
    assert segment("gender: female", **{word: True}).evaluate(who, at(NOW)).member
    assert not segment("not: {gender: female}").evaluate(record(gender="male", **changes), at(NOW)).member


def test_a_link_to_a_record_that_was_merged_into_this_one_excludes_nobody():
    assert holds("gender: female", record(links=(("replaces", "Patient/eve"),)), NOW)


def test_somebody_unknown_or_deleted_is_in_no_segment():
    everybody = segment("any: [deceased: false, deceased: true]", include_deceased=True)
    assert everybody.evaluate(record(), at(NOW)).member
    assert not everybody.evaluate(record(gone=True), at(NOW)).member
    unknown = everybody.evaluate(record(person=None), at(NOW))
    assert (unknown.member, unknown.next_flip, unknown.reason) == (False, None, "the patient is not known")


class TestDied:
    """`died` looks at the date of death, and may hang on a match."""

    WHO = replace(ADA, deceased=True, deceased_at=at("2021-03-10T08:00:00Z"))

    def judge(self, died: str, now: str, *facts: Fact, **given: Any) -> Evaluation:
        made = segment(f"died: {died}", include_deceased=True, **given)
        return made.evaluate(record(*facts, person=self.WHO), at(now))

    @pytest.mark.parametrize(
        ("died", "member"),
        [("2021-03-10", True), ("{before: 2021-03-10}", False), ("{from: birth + P50Y}", False)],
    )
    def test_in_a_window(self, died: str, member: bool):
        assert self.judge(died, "2022-01-01").member == member

    def test_turns_to_the_instant(self):
        evaluation = self.judge("{last: P30D}", "2021-03-11")
        assert (evaluation.member, evaluation.next_flip) == (True, at("2021-04-09T08:00:00Z"))
        assert evaluation.reason == "died 2021-03-10"

    @pytest.mark.parametrize(("start", "member"), [("2021-03-01", True), ("2021-02-01", False)])
    def test_hangs_on_a_match(self, start: str, member: bool):
        stay = fact("Encounter", when=f"{start}/{start}", status="finished")
        matches = {"stay": {"type": "Encounter"}}
        died = "{after: stay.start, until: stay.start + P14D}"
        assert self.judge(died, "2022-01-01", stay, matches=matches).member == member
        assert not self.judge(died, "2022-01-01", matches=matches).member

"""Memberships kept true: what turns is reported once, with its reason; what stays stays as it was."""

from __future__ import annotations

from msgspec.structs import replace

from shared.patient.state import Membership
from shared.patient.transition import SegmentChanged
from shared.segment.evaluate import LONGEST_REASON, reassess, withdraw
from tests.unit.segment.making import at, observation, record, segment

HIGH = "has: {type: Observation, label: HbA1c, which: latest, value: {above: 9, unit: '%'}}"
RECENT = "has: {type: Observation, label: HbA1c, when: {starts: {last: P6M}}}"
URL = "https://example.org/s"


def test_entering_and_leaving():
    who = record(observation(9.1, "2021-03-01"))
    inside, turned = reassess(who, [segment(HIGH)], at("2021-03-02"))
    reason = "HbA1c 9.1 % > 9 % on 2021-03-01"
    assert turned == (SegmentChanged(URL, f"{URL}|1", True, reason),)
    assert inside.memberships == {URL: Membership(f"{URL}|1", True, at("2021-03-02"), None, reason)}

    better = replace(inside, facts=inside.facts.with_fact(observation(8, "2021-06-01", "2")))
    outside, turned = reassess(better, [segment(HIGH)], at("2021-06-02"))
    assert turned == (SegmentChanged(URL, f"{URL}|1", False, "HbA1c 8 % is not > 9 % on 2021-06-01"),)
    assert outside.memberships == {}


def test_what_stays_keeps_since_and_reason_and_the_record():
    inside, _ = reassess(record(observation(9.1, "2021-03-01")), [segment(HIGH)], at("2021-03-02"))
    again, turned = reassess(inside, [segment(HIGH)], at("2021-04-02"))
    assert turned == ()
    assert again is inside


def test_somebody_outside_with_a_flip_to_come_is_remembered_without_a_transition():
    who = record(observation(7, "2021-03-01"))
    early, turned = reassess(who, [segment(RECENT)], at("2021-02-01"))
    assert turned == ()
    assert early.memberships[URL].member is False
    assert early.memberships[URL].next_flip == at("2021-03-01") == early.next_due

    inside, turned = reassess(early, [segment(RECENT)], at("2021-03-01"))
    assert [change.entered for change in turned] == [True]
    assert inside.memberships[URL].next_flip == at("2021-09-01")

    left, turned = reassess(inside, [segment(RECENT)], at("2021-09-01"))
    assert turned == (SegmentChanged(URL, f"{URL}|1", False, "no HbA1c in the last 6 months"),)
    assert left.memberships == {}


def test_a_new_version_that_changes_nothing_for_the_patient_is_no_transition():
    inside, _ = reassess(record(observation(9.1, "2021-03-01")), [segment(HIGH)], at("2021-03-02"))
    newer, turned = reassess(inside, [segment(HIGH, version="2")], at("2021-05-01"))
    assert turned == ()
    before, after = inside.memberships[URL], newer.memberships[URL]
    assert after == Membership(f"{URL}|2", True, before.since, None, before.reason)


def test_a_new_version_that_excludes_the_patient_is_one():
    inside, _ = reassess(record(observation(9.1, "2021-03-01")), [segment(HIGH)], at("2021-03-02"))
    stricter = segment(HIGH.replace("above: 9", "above: 10"), version="2")
    outside, turned = reassess(inside, [stricter], at("2021-05-01"))
    assert [(change.canonical, change.entered) for change in turned] == [(f"{URL}|2", False)]
    assert outside.memberships == {}


def test_a_death_ends_every_membership():
    inside, _ = reassess(record(observation(9.1, "2021-03-01")), [segment(HIGH)], at("2021-03-02"))
    assert inside.person is not None
    dead = replace(inside, person=replace(inside.person, deceased=True))
    outside, turned = reassess(dead, [segment(HIGH)], at("2021-05-01"))
    assert turned == (SegmentChanged(URL, f"{URL}|1", False, "the patient has died"),)
    assert outside.memberships == {}


def test_a_segment_that_is_withdrawn_lets_its_members_go():
    inside, _ = reassess(record(observation(9.1, "2021-03-01")), [segment(HIGH)], at("2021-03-02"))
    assert withdraw(inside, {URL}) == (inside, ())
    outside, turned = withdraw(inside, set())
    assert turned == (SegmentChanged(URL, f"{URL}|1", False, "the segment is no longer published"),)
    assert outside.memberships == {}


def test_a_long_reason_is_kept_short_and_can_be_asked_in_full():
    many = {"all": [{"has_no": {"type": "Observation", "label": f"result number {n}"}} for n in range(60)]}
    found = segment(many)
    kept, turned = reassess(record(), [found], at("2021-01-01"))
    reason = kept.memberships[found.url].reason
    assert LONGEST_REASON - 2 <= len(reason) <= LONGEST_REASON
    assert reason.endswith("…")
    assert turned[0].reason == reason
    assert found.evaluate(record(), at("2021-01-01")).reason.endswith("no result number 59")

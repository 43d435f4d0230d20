"""What different lenses found in versions of a resource is joined, in any order, and nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from records import steady

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.patient.apply import apply_content
from shared.patient.record import PatientRecord

MARKS = ("+aa", "-bb", "+cc", "-dd")


@st.composite
def findings(draw: st.DrawFn) -> Fact | Person:
    """Draw a version of a resource as some instance projects it: what it says, and the marks of its lens."""
    number = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(("Observation", "Patient")))
    marks = draw(st.sets(st.sampled_from(MARKS)))
    attributes = {"status-reason": (f"of {number}",)}
    if marks:
        attributes["fhirpath"] = tuple(sorted(marks))
    if kind == "Patient" and draw(st.booleans()):
        attributes |= {"extensions": ("ee",), "extension:u": (f"of {number}",)}
    if kind == "Patient":
        return Person("p", str(number), Instant(number), attributes=attributes)
    return Fact("Observation", "o", str(number), Instant(number), attributes=attributes)


def applied(contents) -> PatientRecord:
    record = PatientRecord(key="k", patient_id="p")
    for content in contents:
        record, _ = apply_content(record, content)
    return record


def held(record: PatientRecord, reference: str) -> Fact | Person | None:
    return record.person if reference == "Patient/p" else record.facts.get(reference)


@steady
@given(st.lists(findings(), max_size=8), st.data())
def test_any_order_and_repetition_ends_in_the_same_record(found, data):
    again = data.draw(st.lists(st.sampled_from(found), max_size=4)) if found else []
    assert applied(data.draw(st.permutations(found + again))) == applied(found)


@steady
@given(st.lists(findings(), min_size=1, max_size=8))
def test_of_the_latest_version_everything_found_is_kept_and_nothing_of_others(found):
    record = applied(found)
    for reference in {content.reference for content in found}:
        versions = [content for content in found if content.reference == reference]
        latest = max(content.version for content in versions)
        now = held(record, reference)
        assert now is not None
        expected: dict[str, set[str]] = {}
        for content in versions:
            if content.version == latest:
                for name, values in content.attributes.items():
                    expected.setdefault(name, set()).update(values)
        assert {name: set(values) for name, values in now.attributes.items()} == expected


@steady
@given(st.lists(findings(), min_size=1, max_size=8))
def test_a_change_is_told_when_and_only_when_the_record_changes(found):
    record = PatientRecord(key="k", patient_id="p")
    for content in found:
        after, changed = apply_content(record, content)
        before = held(record, content.reference)
        assert (changed is None) == (after is record) == (held(after, content.reference) == before)
        if changed is not None:
            assert changed.before == before
            assert changed.after == held(after, content.reference)
            assert changed.same_version == (before is not None and before.version == content.version)
        record = after


def test_a_stale_instance_takes_no_mark_away():
    seen = Fact("Observation", "o", "1", Instant(1), attributes={"fhirpath": ("+aa",)})
    record, changed = apply_content(applied([seen]), replace(seen, attributes={}))
    assert changed is None
    assert record.facts.get("Observation/o") == seen


def test_what_is_gone_stays_without_marks():
    seen = Fact("Observation", "o", "1", Instant(1), attributes={"fhirpath": ("+aa",)})
    gone = Fact("Observation", "o", "2", Instant(2), gone=True)
    assert applied([gone, seen]).facts.get("Observation/o") == gone


def test_without_version_and_time_nothing_says_that_it_is_the_same_version():
    seen = Fact("Observation", "o", status="final")
    other = Fact("Observation", "o", status="amended", attributes={"fhirpath": ("+aa",)})
    assert applied([seen, other]).facts.get("Observation/o") == seen

"""Applying versions: in any order, any number of times, deletions included, the record ends the same."""

from __future__ import annotations

from itertools import accumulate, combinations, permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from records import steady

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import Instant
from shared.patient.apply import apply_content, supersedes
from shared.patient.record import PatientRecord

KINDS = ("numeric", "opaque", "none", "mixed")


def version_id(kind: str, number: int, position: int) -> str:
    """Name a version as a server of this kind does: counted, or by an id that says nothing."""
    opaque = f"{(number * 2654435761) & 0xFFFFFFFF:08x}"
    if kind == "mixed":
        return str(number) if position % 2 else f"1a{opaque}"
    return {"numeric": str(number), "opaque": opaque, "none": ""}[kind]


@st.composite
def histories(draw: st.DrawFn) -> list[Fact | Person]:
    """Draw all versions of one resource: lastUpdated never falls, some are deletions, some unversioned.

    Without version ids only lastUpdated tells versions apart, so there it always rises.
    """
    kind = draw(st.sampled_from(KINDS))
    least = 1 if kind == "none" else 0
    steps = draw(st.lists(st.integers(least, 2), min_size=1, max_size=6))
    name = draw(st.sampled_from(["Patient/p", "Observation/1", "Observation/2", "Condition/1"]))
    found: list[Fact | Person] = []
    for position, at in enumerate(accumulate(steps)):
        gone = draw(st.booleans())
        version = version_id(kind, position + 8, position)
        if gone and draw(st.booleans()):
            version = ""
        found.append(content(name, version, at, gone))
    return found


def content(name: str, version: str, at: int, gone: bool = False) -> Fact | Person:
    kind, _, resource_id = name.partition("/")
    if kind == "Patient":
        return Person(resource_id, version, Instant(at), gone, birth_date=f"{at}-{version}")
    return Fact(kind, resource_id, version, Instant(at), gone, status=f"{at}-{version}")


def applied(contents) -> PatientRecord:
    record = PatientRecord(key="k", patient_id="p")
    for version in contents:
        record, _ = apply_content(record, version)
    return record


@steady
@given(st.lists(histories(), max_size=4, unique_by=lambda h: h[0].reference), st.data())
def test_any_order_and_duplication_of_versions_ends_in_the_same_record(several, data):
    versions = [version for history in several for version in history]
    again = data.draw(st.lists(st.sampled_from(versions), max_size=6)) if versions else []
    shuffled = data.draw(st.permutations(versions + again))
    assert applied(shuffled) == applied(versions)


@steady
@given(histories())
def test_later_versions_supersede_by_a_total_order(history):
    """Of any two different versions exactly one supersedes the other, and there are no circles."""
    different = {repr(version): version for version in history}.values()
    for a, b in combinations(different, 2):
        assert supersedes(a, b) != supersedes(b, a)
    for a, b, c in permutations(different, 3):
        assert not (supersedes(a, b) and supersedes(b, c)) or supersedes(a, c)


@steady
@given(histories())
def test_the_last_version_is_what_stays_when_no_two_are_of_one_instant(history):
    if len({version.updated for version in history}) == len(history):
        assert list(kept(applied(history))) == [history[-1]]


def kept(record: PatientRecord) -> list[Fact | Person]:
    return [*record.facts, *([record.person] if record.person else [])]


@steady
@given(histories())
@example([content("Observation/1", "1", 1)])
def test_what_changes_nothing_says_so_and_what_does_tells_before_and_after(history):
    record = PatientRecord(key="k", patient_id="p")
    for version in history:
        before = (kept(record) or [None])[0]
        record, changed = apply_content(record, version)
        assert (changed is not None) == (before is None or supersedes(version, before))
        if changed is not None:
            assert changed.after == version
            assert changed.before == (None if before is None or before.gone else before)
        assert apply_content(record, version) == (record, None), "a duplicate changes nothing"


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (("10", 1), ("9", 1)),
        (("10", 1), ("9", 5)),
        (("9" * 5_000, 1), ("9" * 4_999, 9)),
        (("10", 1), ("09", 1)),
        (("abc", 2), ("xyz", 1)),
        (("abc", 2), ("7", 1)),
        (("7", 2), ("abc", 1)),
        (("", 2, True), ("7", 1)),
        (("", 1, True), ("7", 1)),
        (("", 1, True), ("7", 1, True)),
        (("7", 2), ("", 1, True)),
        (("7", 1, True), ("7", 1)),
        (("7", 1, True), ("", 1)),
        (("1a", 1), ("9", 1)),
        (("1a", 1), ("11", 1, True)),
        (("²", 2), ("1", 1)),
        (("٣", 2), ("4", 1)),
    ],
)
def test_which_of_two_versions_is_later(new, old):
    later, earlier = content("Observation/1", *new), content("Observation/1", *old)
    assert supersedes(later, earlier)
    assert not supersedes(earlier, later)


def test_a_deletion_and_a_new_life_in_one_instant_are_ordered_by_number():
    """Deleted as version 3, created again as version 4, and the deletion told once more, unversioned."""
    life = [content("Observation/1", "3", 1, True), content("Observation/1", "4", 1)]
    again = content("Observation/1", "", 1, True)
    ends = {str(kept(applied(order))) for order in permutations([*life, again])}
    assert len(ends) == 1

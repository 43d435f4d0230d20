"""Random records, definitions and changes, drawn from few codes and near instants so that they meet."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

from shared.fhir.fact import ContactPoint, Fact, Person, Value
from shared.fhir.instants import DAY, HOUR, Instant, parse_instant
from shared.patient.apply import FactChanged, apply_content
from shared.patient.record import PatientRecord
from tests.unit.segment.making import ADA, record

EXAMPLES = int(os.environ.get("HEARTHLINE_EXAMPLES", "120"))
"""More of them than the default are drawn at random instead, so that a long hunt finds new cases."""
THOROUGH = settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 120)

ZONES = ("UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Auckland")
CODES = tuple(f"http://loinc.org|{n}" for n in range(3))
TYPES = ("Observation", "Condition", "Encounter", "Appointment")
STATUSES = {
    "Observation": ("final", "cancelled"),
    "Condition": ("active", "resolved"),
    "Encounter": ("finished", "planned"),
    "Appointment": ("booked", "cancelled"),
}
_FROM, _TO = parse_instant("2019-06-01"), parse_instant("2022-03-01")
_TELLING = (
    "2020-02-29",
    "2021-02-28",
    "2021-03-14T07:00:00Z",
    "2021-11-07T06:00:00Z",
    "2021-08-31",
    "2021-04-03T15:30:00Z",
)

instants = st.one_of(
    st.integers(_FROM, _TO),
    st.integers(0, (_TO - _FROM) // DAY).map(lambda day: _FROM + day * DAY),
    st.builds(
        lambda text, months, hours, micros: parse_instant(text) + months * 30 * DAY + hours * HOUR + micros,
        st.sampled_from(_TELLING),
        st.integers(-6, 6),
        st.integers(-30, 30),
        st.integers(-1, 1),
    ),
).map(Instant)


@st.composite
def facts(draw: st.DrawFn, kinds: tuple[str, ...] = TYPES) -> Fact:
    kind = draw(st.sampled_from(kinds))
    start = draw(st.one_of(st.none(), instants))
    length = draw(st.one_of(st.none(), st.sampled_from([0, HOUR, DAY, 40 * DAY])))
    return Fact(
        resource_type=kind,
        resource_id=draw(st.sampled_from("abcdefghij")),
        version=str(draw(st.integers(1, 9))),
        gone=draw(st.integers(0, 9)) == 0,
        status=draw(st.sampled_from(STATUSES[kind])),
        codes=tuple(draw(st.lists(st.sampled_from(CODES), max_size=2, unique=True))),
        start=start,
        end=None if length is None else Instant((start or _FROM) + length),
        value=draw(st.one_of(st.none(), st.integers(4, 12).map(lambda n: Value(float(n), "%")))),
        attributes={"class": (f"urn:act|{draw(st.sampled_from(['IMP', 'AMB']))}",)}
        if kind == "Encounter"
        else {},
        title=draw(st.sampled_from(["asthma", "flu", ""])),
    )


@st.composite
def people(draw: st.DrawFn) -> Person:
    born = datetime(1990, 1, 1) + timedelta(days=draw(st.integers(0, 11_700)))
    start, end = draw(st.one_of(st.none(), instants)), draw(st.one_of(st.none(), instants))
    return Person(
        "ada",
        version=str(draw(st.integers(1, 9))),
        birth_date=draw(st.sampled_from([f"{born:%Y-%m-%d}", f"{born:%Y-%m}", "2000-02-29", ""])),
        gender=draw(st.sampled_from(["female", "male"])),
        deceased=draw(st.integers(0, 9)) == 0,
        active=draw(st.integers(0, 9)) != 0,
        telecom=(
            ContactPoint("phone", "1", start=start, end=end),
            ContactPoint("email", "a@example.org", end=end),
        ),
    )


@st.composite
def records(draw: st.DrawFn, kinds: tuple[str, ...] = TYPES) -> PatientRecord:
    found = draw(st.lists(facts(kinds), min_size=5, max_size=8))
    person = draw(people()) if draw(st.integers(0, 3)) == 0 else ADA
    return record(*found, person=person)


lengths = st.sampled_from(["P1D", "P14D", "P1M", "P6M", "P1Y", "PT36H", "P1M10D", "P6MT12H"])
bounds = st.one_of(
    st.sampled_from(["now", "today", "2021-03", "2021-02-28", "2020-12-31T12:00:00Z"]),
    st.builds(
        lambda a, s, by: f"{a} {s} {by}", st.sampled_from(["now", "today"]), st.sampled_from("+-"), lengths
    ),
)
windows = st.one_of(
    lengths.map(lambda length: {"last": length}),
    lengths.map(lambda length: {"next": length}),
    st.builds(
        lambda word, bound: {word: bound}, st.sampled_from(["from", "after", "before", "until"]), bounds
    ),
    st.builds(
        lambda low, one, high, other: {low: one, high: other},
        st.sampled_from(["from", "after"]),
        bounds,
        st.sampled_from(["before", "until"]),
        bounds,
    ),
)
whens = st.builds(
    lambda when, undated: when | undated,
    st.one_of(
        st.builds(
            lambda word, window: {word: window}, st.sampled_from(["starts", "ends", "overlaps"]), windows
        ),
        st.builds(lambda one, other: {"starts": one, "ends": other}, windows, windows),
    ),
    st.sampled_from([{}, {}, {}, {"undated": True}]),
)


@st.composite
def patterns(draw: st.DrawFn, kinds: tuple[str, ...] = TYPES) -> dict[str, object]:
    kind = draw(st.sampled_from(kinds))
    pattern: dict[str, object] = {"type": kind}
    options = {
        "code": st.lists(st.sampled_from(CODES), min_size=1, max_size=2, unique=True),
        "text": st.just("asthma"),
        "status": st.sampled_from(STATUSES[kind]),
        "class": st.just("IMP"),
        "when": whens,
        "value": st.integers(4, 12).map(lambda n: {"above": n, "unit": "%"}),
    }
    for word, strategy in options.items():
        wanted = draw(st.integers(0, 3)) < (3 if word == "when" else 1)
        if wanted and (word != "class" or kind == "Encounter"):
            pattern[word] = draw(strategy)
    choice = draw(st.sampled_from([None, None, ("which", "latest"), ("which", "earliest"), ("at_least", 2)]))
    return pattern | ({} if choice is None else {choice[0]: choice[1]})


people_rules = st.one_of(
    st.builds(lambda n: {"age": {"at_least": n, "below": n + 1}}, st.integers(17, 42)),
    st.builds(lambda n: {"age": {"below": n, "unit": "months"}}, st.integers(200, 510)),
    st.just({"birth_month": "current"}),
    windows.map(lambda window: {"birth_date": window}),
    st.just({"gender": "female"}),
    st.just({"reachable_by": "sms"}),
    st.just({"reachable_by": ["sms", "email"]}),
)


@st.composite
def leaves(draw: st.DrawFn, kinds: tuple[str, ...] = TYPES) -> dict[str, object]:
    if draw(st.integers(0, 4)) == 0:
        return draw(people_rules)
    return {draw(st.sampled_from(["has", "has", "has_no"])): draw(patterns(kinds))}


@st.composite
def criteria(draw: st.DrawFn, kinds: tuple[str, ...] = TYPES, depth: int = 2) -> dict[str, object]:
    word = draw(st.sampled_from(["leaf", "all", "any", "not"])) if depth else "leaf"
    if word == "leaf":
        return draw(leaves(kinds))
    if word == "not":
        return {"not": draw(criteria(kinds, depth - 1))}
    return {word: [draw(criteria(kinds, depth - 1)) for _ in range(draw(st.integers(2, 3)))]}


type Scene = tuple[PatientRecord, dict[str, object], Instant]


@st.composite
def scenes(draw: st.DrawFn, depth: int = 2) -> Scene:
    """Draw a record, criteria that are about what is in it, and an instant near one of its edges."""
    kinds = (draw(st.sampled_from(TYPES)),)
    who = draw(records(kinds))
    edges = [edge for fact in who.facts for edge in (fact.start, fact.end) if edge is not None]
    near = draw(st.sampled_from(edges or [_FROM]))
    by = draw(st.sampled_from([-200, -31, -14, -1, 0, 0, 1, 14, 31, 200])) * DAY + draw(st.integers(-1, 1))
    return who, draw(criteria(kinds, depth)), Instant(near + by)


zones = st.sampled_from(ZONES).map(ZoneInfo)


def changed(before: PatientRecord, content: Fact | Person) -> tuple[PatientRecord, FactChanged | None]:
    """Apply a change as the record does."""
    return apply_content(before, content)

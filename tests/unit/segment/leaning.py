"""Random definitions in which patterns lean on each other, over records whose facts refer to each other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.fact import Component, Fact, Value
from shared.fhir.instants import DAY, Instant
from shared.patient.record import PatientRecord
from tests.unit.segment import strategies
from tests.unit.segment.making import ADA, record

KINDS = ("Observation", "Encounter")
PART = "http://loinc.org|part"

type Json = dict[str, Any]

_anchors = st.sampled_from(
    [
        "m.start",
        "m.end",
        "m.at",
        "day of m.start",
        "day of m.end",
        "birth",
        "now",
        "today",
        "2021-01",
        "last 02-29",
    ]
)
_inner_anchors = st.sampled_from(["this.start", "this.end", "day of this.at", "m.start", "now", "next 09-01"])
_shifts = st.sampled_from(["", "", " + P1D", " - P14D", " + P1M", " - P6M", " + P1Y - P1D", " + P21Y"])
_calendar = st.sampled_from(
    ["this month", "last month", "next week", "this quarter", "last half-year", "this year", "yesterday"]
)
_EDGES = ("from", "after", "before", "until")
_undated = st.sampled_from([{}, {}, {}, {"undated": True}])
_RELATIONS = ("starts", "ends", "at", "overlaps", "during", "before", "after")


def _bounds(anchors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda anchor, by: anchor + by, anchors, _shifts)


def _windows(anchors: st.SearchStrategy[str], named: list[str]) -> st.SearchStrategy[object]:
    edges = _bounds(anchors)
    return st.one_of(
        _calendar,
        st.sampled_from([*named, *(f"day of {name}" for name in named), "2020-07-01/2021-06-30"]),
        strategies.windows,
        st.builds(lambda word, edge: {word: edge}, st.sampled_from(_EDGES), edges),
        st.builds(lambda low, high: {"from": low, "until": high}, edges, edges),
        st.builds(lambda low, high: {"after": low, "before": high}, edges, edges),
    )


def _whens(anchors: st.SearchStrategy[str], named: list[str]) -> st.SearchStrategy[Json]:
    windows = _windows(anchors, named)
    words = st.dictionaries(st.sampled_from(_RELATIONS), windows, min_size=1, max_size=2)
    return st.builds(lambda when, undated: when | undated, words, _undated)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Draw a fact that may refer to an encounter, and may have a component."""
    made = draw(strategies.facts(KINDS))
    about = dict(made.attributes)
    if draw(st.booleans()):
        about["encounter"] = (f"Encounter/{draw(st.sampled_from('abcdefghij'))}",)
    parts = (Component((PART,), Value(float(draw(st.integers(4, 12))), "%")),) if draw(st.booleans()) else ()
    return replace(made, attributes=about, components=parts)


@st.composite
def sources(draw: st.DrawFn, named: list[str]) -> Json:
    """Draw where the facts of a pattern come from."""
    kind = draw(st.sampled_from(["type", "type", "type", "from" if named else "type", "any_of"]))
    if kind == "from":
        return {"from": draw(st.sampled_from(named))}
    if kind == "any_of":
        return {"any_of": [draw(sources([])) for _ in range(2)]}
    made: Json = {"type": draw(st.sampled_from(KINDS))}
    if draw(st.integers(0, 2)) == 0:
        made["code"] = list(strategies.CODES[:2])
    return made


_picks = st.one_of(
    st.sampled_from(["latest", "earliest", "latest_end", "earliest_end", "latest_day", "earliest_day"]),
    st.builds(
        lambda word, n: {word: n}, st.sampled_from(["latest", "earliest", "latest_day"]), st.integers(1, 3)
    ),
    st.builds(
        lambda word, of: {word: of, "unit": "%"},
        st.sampled_from(["highest", "lowest"]),
        st.sampled_from(["value", PART]),
    ),
)
_counts = st.one_of(
    st.just({}),
    st.just({}),
    st.builds(lambda n: {"at_least": n}, st.integers(1, 3)),
    st.builds(lambda n: {"on_days": n}, st.integers(1, 3)),
    st.builds(
        lambda n, within: {"covered_days": {"at_least": n, **within}},
        st.sampled_from([1, 2, 10, 41]),
        st.one_of(st.just({}), _windows(_anchors, []).map(lambda window: {"within": window})),
    ),
    st.builds(
        lambda length, within: {"total_time": {"at_least": length, **within}},
        st.sampled_from(["PT1H", "P1D", "P40D", "P41D"]),
        st.one_of(st.just({}), _windows(_anchors, []).map(lambda window: {"within": window})),
    ),
)


@st.composite
def patterns(draw: st.DrawFn, named: list[str], depth: int = 1, linkable: bool = False) -> Json:
    """Draw a pattern; `named` are the matches that it may hang on ("m" must be among them, or "this")."""
    made: Json = draw(sources([name for name in named if name != "this"]))
    anchors = _inner_anchors if "this" in named else _anchors
    if draw(st.integers(0, 3)):
        made["when"] = draw(_whens(anchors, named))
    if linkable and "type" in made and draw(st.integers(0, 2)) == 0:
        word, kind = draw(st.sampled_from([("link", "Encounter"), ("linked_by", "Observation")]))
        made |= {word: "encounter", "type": kind}
    if depth and draw(st.booleans()):
        word = draw(st.sampled_from(["with", "without"]))
        made[word] = [draw(patterns([*named, "this"], depth - 1, linkable=True))]
    if draw(st.integers(0, 2)) == 0:
        picks = draw(st.lists(_picks, min_size=1, max_size=2))
        made["which"] = picks
        made["value"] = {"above": draw(st.integers(4, 12)), "unit": "%"}
        return made
    made |= draw(_counts)
    return made


@st.composite
def definitions(draw: st.DrawFn) -> Json:
    """Draw the matches and criteria of a definition."""
    match: Json = draw(patterns([], 0) if draw(st.booleans()) else sources([]))
    matches = {"m": {word: value for word, value in match.items() if "m." not in str(value)}}
    leaf = st.one_of(
        patterns(["m"]).map(lambda pattern: {"has": pattern}),
        patterns(["m"]).map(lambda pattern: {"has_no": pattern}),
        st.builds(lambda n, at: {"age": {"at_least": n, "at": at}}, st.integers(17, 42), _bounds(_anchors)),
    )
    several = draw(st.lists(leaf, min_size=1, max_size=2))
    return {"matches": matches, "criteria": several[0] if len(several) == 1 else {"all": several}}


type Scene = tuple[PatientRecord, Json, Instant]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Draw a record, a definition and an instant near an edge of what is in the record."""
    found = draw(st.lists(facts(), min_size=3, max_size=7))
    person = draw(strategies.people()) if draw(st.integers(0, 3)) == 0 else ADA
    who = record(*found, person=person)
    edges = [edge for fact in who.facts for edge in (fact.start, fact.end) if edge is not None]
    near = draw(st.sampled_from(edges or [Instant(1_600_000_000_000_000)]))
    by = draw(st.sampled_from([-200, -31, -1, 0, 0, 1, 14, 31, 200])) * DAY + draw(st.integers(-1, 1))
    return who, draw(definitions()), Instant(near + by)

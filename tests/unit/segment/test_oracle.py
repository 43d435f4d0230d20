"""`has` against a second, slow and obvious reading of it: loops over facts, plain arithmetic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, HOUR, Instant
from shared.patient.record import PatientRecord
from tests.unit.segment import strategies
from tests.unit.segment.making import at, record, segment

# Only exact lengths: what months and clock changes mean is for test_wall.
_LENGTHS = {"P1D": DAY, "P14D": 14 * DAY, "PT36H": 36 * HOUR, "P300D": 300 * DAY}
directions, relations = st.sampled_from(["last", "next"]), st.sampled_from(["starts", "ends", "overlaps"])
exact_windows = st.builds(lambda word, by: {word: by}, directions, st.sampled_from([*_LENGTHS]))
exact_whens = st.dictionaries(relations, exact_windows, min_size=1, max_size=2)
offsets = st.builds(
    lambda sign, length, by: sign * length + by,
    st.sampled_from([-1, 1]),
    st.sampled_from([0, HOUR, 20 * HOUR, *_LENGTHS.values()]),
    st.integers(-1, 1),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[PatientRecord, dict[str, object], Instant]:
    """Draw facts of one type, a pattern for it, and an instant near an edge, where it is easily wrong."""
    kinds = (draw(st.sampled_from(strategies.TYPES)),)
    facts = draw(st.lists(strategies.facts(kinds), min_size=2, max_size=6))
    bare, full = st.just({"type": kinds[0]}), strategies.patterns(kinds)
    pattern = draw(st.one_of(bare, full)) | {"when": draw(st.one_of(exact_whens, st.none()))}
    edges = [edge for fact in facts for edge in (fact.start, fact.end) if edge is not None]
    near = draw(st.sampled_from(edges or [at("2021-01-01")]))
    asked = {word: value for word, value in pattern.items() if value is not None}
    return record(*facts), asked, Instant(near + draw(offsets))


@given(cases())
@strategies.THOROUGH
def test_has_means_what_it_says(case: tuple[PatientRecord, dict[str, object], Instant]):
    who, pattern, now = case
    assert segment({"has": pattern}).evaluate(who, now).member == found(who, pattern, now)


def found(who: PatientRecord, pattern: dict[str, object], now: Instant) -> bool:
    facts = [fact for fact in who.facts if matches(fact, pattern) and in_time(fact, pattern, now)]
    valued = [fact for fact in facts if value_holds(fact, pattern)]
    if "which" not in pattern:
        return len(valued) >= int(str(pattern.get("at_least", 1)))
    if not facts:
        return False
    latest = pattern["which"] == "latest"
    starts = [fact.start for fact in facts if fact.start is not None]
    extreme = (max(starts) if latest else min(starts)) if starts else None
    tied = [fact for fact in facts if fact.start == extreme]
    newest = [fact for fact in tied if fact.updated == max(other.updated for other in tied)]
    chosen = sorted(newest, key=lambda fact: fact.resource_id)[-1 if latest else 0]
    return value_holds(chosen, pattern)


def matches(fact: Fact, pattern: dict[str, object]) -> bool:
    if fact.gone or fact.resource_type != pattern["type"]:
        return False
    if "code" in pattern or "text" in pattern:
        coded = any(code in fact.codes for code in pattern.get("code", ()))  # type: ignore[attr-defined]
        if not (coded or ("text" in pattern and str(pattern["text"]) in fact.title)):
            return False
    if "class" in pattern and "urn:act|IMP" not in fact.attributes.get("class", ()):
        return False
    if "status" in pattern:
        return fact.status == pattern["status"]
    return fact.status not in ("cancelled", "planned")


def in_time(fact: Fact, pattern: dict[str, object], now: Instant) -> bool:
    when = pattern.get("when")
    if when is None:
        plan = fact.resource_type in ("Appointment", "Encounter")
        return plan or fact.start is None or fact.start <= now
    assert isinstance(when, dict)
    return all(meets(fact, word, window, now) for word, window in when.items())


def meets(fact: Fact, word: str, window: dict[str, str], now: Instant) -> bool:
    ((direction, length),) = window.items()
    low, high = (now - _LENGTHS[length], now) if direction == "last" else (now, now + _LENGTHS[length])
    if word == "starts":
        return fact.start is not None and low < fact.start <= high
    if word == "ends":
        return fact.end is not None and low < fact.end <= high
    if fact.start is None and fact.end is None:
        return False
    begun = fact.start is None or fact.start <= high
    goes_on = fact.resource_type != "Condition" or fact.status == "active"
    return begun and (goes_on if fact.end is None else fact.end > low)


def value_holds(fact: Fact, pattern: dict[str, object]) -> bool:
    wanted = pattern.get("value")
    if wanted is None:
        return True
    assert isinstance(wanted, dict)
    return fact.value is not None and fact.value.number is not None and fact.value.number > wanted["above"]

"""Random definitions of the composed language, and populations rich enough for them to find something.

Names are drawn so that they exist where they are used; ids differ from type to type, as on real servers.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.choice import Choice
from shared.fhir.fact import Address, Component, ContactPoint, Fact, Person, Value
from shared.fhir.instants import DAY, HOUR, Instant
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from tests.unit.segment.strategies import CODES, STATUSES, bounds, instants, lengths, windows

KINDS = ("Observation", "Condition", "Encounter", "MedicationRequest")
SYSTOLIC, DIASTOLIC = "http://loinc.org|8480-6", "http://loinc.org|8462-4"
UNITS = ("%", "mmol/mol", "mg/dL", "g/L", "", "no such unit")
_STATUSES = {**STATUSES, "MedicationRequest": ("active", "completed", "draft")}
_ENDS = (None, 0, HOUR, DAY, 3 * DAY, 40 * DAY)


def _values() -> st.SearchStrategy[Value]:
    number = st.builds(
        lambda n, unit, sign: Value(n / 2, unit, (), sign),
        st.integers(8, 24),
        st.sampled_from(UNITS),
        st.sampled_from(["", "", "", "<", ">=", "about"]),
    )
    coded = st.sampled_from(CODES).map(lambda code: Value(codes=(code,), text="Positive"))
    return st.one_of(number, number, coded)


@st.composite
def _facts(draw: st.DrawFn, base: Instant) -> Fact:
    """Draw a fact near an instant, one time in five near none."""
    kind = draw(st.sampled_from(KINDS))
    near = base if draw(st.integers(0, 4)) else draw(instants)
    start = near + draw(st.sampled_from([-200, -40, -3, -1, 0, 0, 1, 3, 40])) * DAY
    start += draw(st.sampled_from([0, 0, HOUR, 23 * HOUR, -1, 1]))
    length = draw(st.sampled_from(_ENDS))
    return Fact(
        resource_type=kind,
        resource_id=f"{kind[0]}{draw(st.integers(0, 5))}",
        updated=Instant(draw(st.integers(0, 2))),
        gone=draw(st.integers(0, 11)) == 0,
        status=draw(st.sampled_from((_STATUSES[kind][0], *_STATUSES[kind]))),
        codes=tuple(draw(st.lists(st.sampled_from(CODES), max_size=2, unique=True))),
        start=None if draw(st.integers(0, 7)) == 0 else Instant(start),
        end=None if length is None else Instant(start + length),
        value=draw(st.one_of(st.none(), _values())),
        components=tuple(draw(st.lists(_parts(), max_size=3))),
        attributes=draw(_attributes(kind)),
        title=draw(st.sampled_from(["Asthma", "flu", ""])),
    )


def _parts() -> st.SearchStrategy[Component]:
    return st.builds(
        lambda code, value: Component((code,), value), st.sampled_from([SYSTOLIC, DIASTOLIC]), _values()
    )


@st.composite
def _attributes(draw: st.DrawFn, kind: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if draw(st.booleans()):
        others = draw(st.lists(st.integers(0, 5), min_size=1, max_size=2, unique=True))
        found["encounter"] = tuple(f"Encounter/E{n}" for n in others)
    if kind == "Encounter":
        found["class"] = (f"urn:act|{draw(st.sampled_from(['IMP', 'AMB']))}",)
        found["reason"] = (f"Condition/C{draw(st.integers(0, 5))}",)
    if kind == "Condition" and draw(st.integers(0, 3)) == 0:
        found["verification-status"] = (draw(st.sampled_from(["confirmed", "refuted"])),)
    if kind == "MedicationRequest":
        found |= draw(st.sampled_from([{}, {}, {"do-not-perform": ("true",)}]))
        found["medication"] = (f"Medication/{draw(st.integers(0, 1))}",)
    if draw(st.integers(0, 2)):
        texts = st.sampled_from(["2021-03-14", "2020-02", "2021-08-31T10:00:00Z", "nonsense"])
        found[draw(st.sampled_from(["recorded-date", "authored-on", "issued"]))] = (draw(texts),)
    if draw(st.integers(0, 3)) == 0:
        found["category"] = draw(st.sampled_from([("vital-signs",), ("urn:c|Vital-Signs", "lab"), ()]))
    return found


@st.composite
def _people(draw: st.DrawFn) -> Person:
    born = datetime(1990, 1, 1) + timedelta(days=draw(st.integers(0, 11_700)))
    dates = [f"{born:%Y-%m-%d}", f"{born:%Y-%m}", f"{born:%Y}", "2000-02-29", ""]
    start, end = draw(st.one_of(st.none(), instants)), draw(st.one_of(st.none(), instants))
    phone = ContactPoint("phone", "1", draw(st.sampled_from(["", "old"])), start=start, end=end)
    return Person(
        "x",
        gone=draw(st.integers(0, 19)) == 0,
        birth_date=draw(st.sampled_from(dates)),
        gender=draw(st.sampled_from(["female", "male", ""])),
        deceased=draw(st.integers(0, 19)) == 0,
        deceased_at=draw(st.one_of(st.none(), instants)),
        active=draw(st.integers(0, 19)) != 0,
        languages=tuple(draw(st.sampled_from([(), ("es-MX",), ("en", "es"), ("EN",)]))),
        links=draw(
            st.sampled_from([(), (), (), (("replaced-by", "Patient/y"),), (("seealso", "Patient/y"),)])
        ),
        telecom=(phone, ContactPoint("email", "a@example.org", end=end)),
        addresses=(Address(draw(st.sampled_from(["", "old"])), ("1 Way",), "Bath", "MA", "02115", "US"),),
        identifiers=("urn:mrn|1",) if draw(st.booleans()) else (),
        general_practitioners=("Practitioner/1",) if draw(st.booleans()) else (),
        managing_organization=draw(st.sampled_from(["", "Organization/1"])),
        attributes=draw(
            st.sampled_from(
                [
                    {},
                    {"race": ("urn:r|2106-3",), "race-text": ("White",), "birth-sex": ("F",)},
                    {"time-zone": ("Pacific/Auckland",)},
                    {"time-zone": ("nowhere",)},
                ]
            )
        ),
    )


@st.composite
def populations(draw: st.DrawFn, base: Instant, size: int = 6) -> list[PatientRecord]:
    """Draw some records whose facts lie near an instant."""
    return [draw(_records(f"p{number}", base)) for number in range(size)]


@st.composite
def _consents(draw: st.DrawFn, base: Instant) -> Fact:
    """Draw a Consent that denies messages, by all channels or by one, within some days."""
    first = draw(st.integers(-3, 3))
    kept = {"provision-type": (draw(st.sampled_from(["deny", "deny", "permit"])),)}
    named = draw(st.sampled_from([(), ("x|sms",), ("x|email",)]))
    return Fact(
        "Consent",
        draw(st.sampled_from(["c1", "c2"])),
        status=draw(st.sampled_from(["active", "active", "inactive"])),
        start=draw(st.sampled_from([None, Instant(base + first * DAY)])),
        end=draw(st.sampled_from([None, Instant(base + (first + 2) * DAY)])),
        attributes={**kept, **({"provision-code": named} if named else {})},
    )


@st.composite
def _records(draw: st.DrawFn, patient_id: str, base: Instant) -> PatientRecord:
    found = draw(st.lists(_facts(base), min_size=3, max_size=10))
    medications = [
        Fact("Medication", str(n), codes=(code,), gone=not n and draw(st.booleans()))
        for n, code in enumerate(CODES[:2])
    ]
    person = replace(draw(_people()), resource_id=patient_id)
    stopped = draw(st.sampled_from([(), (), ("sms",), ("*",)]))
    denied = draw(st.lists(_consents(base), max_size=2, unique_by=lambda fact: fact.resource_id))
    return PatientRecord(
        patient_key(patient_id),
        patient_id,
        None if draw(st.integers(0, 29)) == 0 else person,
        Facts.of_facts(*medications, *found, *denied),
        opt_outs=tuple(Choice(channel, "1", Instant(0)) for channel in stopped),
    )


type Pattern = dict[str, object]


def _bounds(names: list[str]) -> st.SearchStrategy[str]:
    """Draw bounds that hang on one of these names, on birth, or on now."""
    points = [
        f"{day}{name}.{point}"
        for name in names
        for point in ("start", "end", "at")
        for day in ("", "day of ")
    ]
    anchors = st.sampled_from([*points, *points, "birth"]) if points else st.just("birth")
    shifted = st.builds(lambda a, sign, by: f"{a} {sign} {by}", anchors, st.sampled_from("+-"), lengths)
    years = st.integers(18, 32).map(lambda n: f"birth + P{n}Y")
    return st.one_of(anchors, shifted, years if not names else shifted, bounds)


def _windows(names: list[str]) -> st.SearchStrategy[object]:
    calendar = ["this month", "last quarter", "today", "last week", "this half-year", "2021", "2021-03-14"]
    spans = [f"{day}{name}" for name in names for day in ("", "day of ")]
    bound = _bounds(names)
    two = st.builds(
        lambda low, one, high, other: {low: one, high: other},
        st.sampled_from(["from", "after"]),
        bound,
        st.sampled_from(["before", "until"]),
        bound,
    )
    one = st.builds(lambda w, b: {w: b}, st.sampled_from(["from", "after", "before", "until"]), bound)
    return st.one_of(windows, st.sampled_from([*calendar, *spans]), two, one)


def _whens(names: list[str]) -> st.SearchStrategy[object]:
    words = st.sampled_from(["starts", "ends", "at", "overlaps", "during", "before", "after", "recorded"])
    return st.one_of(
        st.dictionaries(words, _windows(names), min_size=1, max_size=1),
        st.dictionaries(words, _windows(names), min_size=1, max_size=2),
    )


_judged = st.one_of(
    st.builds(
        lambda word, n, unit: {word: n / 2, "unit": unit},
        st.sampled_from(["above", "at_least", "below", "at_most"]),
        st.integers(8, 24),
        st.sampled_from(["%", "mmol/mol", "1"]),
    ),
    st.just({"above": 5, "at_most": 9, "unit": "%"}),
    st.just({"code": CODES[0], "text": "positive"}),
    st.sampled_from([{"exists": True}, {"exists": False}]),
)
_picks = st.one_of(
    st.sampled_from(["latest", "earliest", "latest_end", "earliest_end", "latest_day", "earliest_day"]),
    st.builds(
        lambda word, n: {word: n},
        st.sampled_from(["latest", "earliest", "latest_day", "latest_end"]),
        st.just(2),
    ),
    st.builds(
        lambda word, of: {word: of, "unit": "%"},
        st.sampled_from(["highest", "lowest"]),
        st.sampled_from(["value", SYSTOLIC]),
    ),
    st.just(["latest_day", {"lowest": SYSTOLIC, "unit": "%"}]),
)


_OTHERS = ({"encounter": {"exists": True}}, {"category": ["vital-signs"]}, {"category": {"text": "vital"}})
_ENCOUNTER = ({"class": "IMP"}, {"reason": {"exists": False}}, {"reason": ["Condition/C1"]})


@st.composite
def patterns(draw: st.DrawFn, names: list[str], depth: int, inner: bool = False) -> Pattern:
    """Draw a pattern; `names` are those it may refer to, `inner` whether it is in a `with` or `without`."""
    pattern = draw(_sources(names, depth, inner))
    kind = pattern.get("type")
    optional: dict[str, st.SearchStrategy[object]] = {
        "when": _whens(names),
        "code": st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True),
        "text": st.just("asthma"),
        "value": _judged,
        "component": st.fixed_dictionaries({"code": st.just(SYSTOLIC)}, optional={"value": _judged}),
        "which": _picks,
        "elements": st.sampled_from(_ENCOUNTER if kind == "Encounter" else _OTHERS),
        "category": st.just("Vital-Signs"),
    }
    if depth:
        related = st.lists(patterns([*names, "this"], depth - 1, True), min_size=1, max_size=2)
        optional |= {"with": related, "without": related}
    for word in draw(st.lists(st.sampled_from([*optional, "when", "when"]), max_size=3, unique=True)):
        pattern[word] = draw(optional[word])
    if isinstance(kind, str) and draw(st.integers(0, 7)) == 0:
        pattern["status"] = draw(st.sampled_from(_STATUSES[kind]))
    return pattern | draw(_amounts(names, "which" in pattern))


@st.composite
def _sources(draw: st.DrawFn, names: list[str], depth: int, inner: bool) -> Pattern:
    choice = draw(st.integers(0, 9))
    if choice < 2 and (matches := [name for name in names if name != "this"]):
        return {"from": draw(st.sampled_from(matches))}
    if choice == 2 and depth:
        return {"any_of": draw(st.lists(patterns(names, depth - 1), min_size=1, max_size=2))}
    pattern: Pattern = {"type": draw(st.sampled_from(KINDS))}
    if inner and choice < 7:
        back = draw(st.booleans())
        pattern["linked_by" if back else "link"] = draw(st.sampled_from(["encounter", "reason"]))
    if pattern["type"] == "MedicationRequest" and choice == 9:
        pattern["not_to"] = True
    return pattern


def _amounts(names: list[str], chosen: bool) -> st.SearchStrategy[Pattern]:
    bounded = st.one_of(
        st.just("last quarter"),
        st.builds(lambda a, b: {"from": a, "until": b}, _bounds(names), _bounds(names)),
        lengths.map(lambda length: {"last": length}),
    )
    covered = st.fixed_dictionaries({"at_least": st.integers(1, 5)}, optional={"within": bounded})
    total = st.fixed_dictionaries(
        {"at_least": st.sampled_from(["PT1H", "P1D", "P3DT1H"])}, optional={"within": bounded}
    )
    none: st.SearchStrategy[Pattern] = st.just({})
    counts = st.sampled_from([{"at_least": 2}, {"on_days": 2}])
    return st.one_of(
        none,
        none,
        none if chosen else counts,
        covered.map(lambda amount: {"covered_days": amount}),
        total.map(lambda amount: {"total_time": amount}),
    )


_people_rules: st.SearchStrategy[Pattern] = st.one_of(
    st.integers(17, 32).map(lambda n: {"age": {"at_least": n, "below": n + 4}}),
    st.integers(200, 390).map(lambda n: {"age": {"below": n, "unit": "months"}}),
    st.integers(200, 390).map(lambda n: {"age": {"at_least": n, "unit": "months", "at": "this.start"}}),
    st.just({"birth_month": "current"}),
    st.just({"birth_month": [2, 5]}),
    windows.map(lambda window: {"birth_date": window}),
    _windows([]).map(lambda window: {"died": window}),
    st.sampled_from(
        [
            {"gender": ["female", "other"]},
            {"language": "es"},
            {"language": ["en-GB", "EN"]},
            {"active": True},
            {"deceased": True},
            {"managing_organization": "Organization/1"},
            {"general_practitioner": "Practitioner/1"},
            {"identifier": "urn:mrn|"},
            {"identifier": ["urn:mrn|2", "urn:mrn|1"]},
            {"reachable_by": "sms"},
            {"reachable_by": ["email", "letter"]},
            {"address": {"postal_code": "021*", "state": "ma"}},
            {"race": "2106-3"},
            {"race": "white"},
            {"birth_sex": "F"},
            {"patient": {"marital_status": {"exists": False}, "birth_sex": ["F"]}},
            {"patient": {"race_text": {"text": "hit"}}},
            {"member_of": "https://example.org/other"},
        ]
    ),
)


@st.composite
def criteria(draw: st.DrawFn, names: list[str], depth: int = 1) -> Pattern:
    """Draw criteria: mostly patterns."""
    choice = draw(st.integers(0, 9)) if depth else draw(st.integers(3, 9))
    if choice == 0:
        return {"not": draw(criteria(names, depth - 1))}
    if choice < 3:
        parts = st.lists(criteria(names, depth - 1), min_size=2, max_size=3)
        return {draw(st.sampled_from(["all", "any"])): draw(parts)}
    if choice == 3:
        rule = draw(_people_rules)
        return _at_a_match(rule, names)
    return {draw(st.sampled_from(["has", "has", "has_no"])): draw(patterns(names, 2))}


def _at_a_match(rule: Pattern, names: list[str]) -> Pattern:
    """Take an age at the first of the matches where it is to be taken at one."""
    age = rule.get("age")
    if isinstance(age, dict) and "at" in age:
        return {"age": {**age, "at": f"{names[0]}.start" if names else "birth + P20Y"}}
    return rule


@st.composite
def documents(draw: st.DrawFn, url: str = "https://example.org/s") -> dict[str, object]:
    """Draw a whole definition."""
    count = draw(st.integers(0, 2))
    names = [f"m{number}" for number in range(count)]
    matches = {name: draw(patterns(names[:number], 1)) for number, name in enumerate(names)}
    return {
        "url": url,
        "version": "1",
        "title": "Test",
        "matches": matches,
        "criteria": draw(criteria(names)),
        **draw(
            st.sampled_from(
                [{}, {}, {"include_deceased": True}, {"include_merged": True}, {"time_zone": "patient"}]
            )
        ),
    }

"""Evaluations a second and core of the five-clause cohort: ours, and beside it engines of others, in one run.

CPU seconds, not elapsed ones: other processes take turns on the same cores. All must find the same members.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks import other_engines
from benchmarks.cohort import Population, compiled, definition, population
from benchmarks.cpu import rate
from benchmarks.full_path import Tell
from benchmarks.report import Json, at_least, tidy
from benchmarks.sizes import Sizes
from shared.fhir.instants import Instant
from shared.patient.facts import Facts
from shared.patient.packing import unpack
from shared.patient.record import PatientRecord
from shared.segment.compiled import CompiledSegment
from shared.segment.criteria.logic import AllCriterion
from shared.segment.wall import NEVER

_ROUNDS = 7
"""The least disturbed of so many."""


def measure(sizes: Sizes, tell: Tell) -> Json:
    """Measure ours, then the others, over the same patients."""
    tell("reading patients")
    people = population(sizes.cohort)
    tell("evaluating five clauses")
    ours = _ours(people, sizes.passes)
    expected = members(people)
    rate = ours["parsed_per_second"]
    assert isinstance(rate, float)
    found = other_engines.measure(people, expected, tell, sizes.cql_seconds)
    return {
        "patients": len(people.resources),
        "origin": people.origin,
        "as_of": people.as_of.isoformat(),
        "members": len(expected),
        **ours,
        "parsed_per_second": at_least(rate, 200_000),
        "packed_per_second": at_least(_number(ours["packed_per_second"]), 80_000),
        "others": {name: _beside(rate, one, _TIMES[name]) for name, one in found.items()},
        "asked": asked(people),
    }


_TIMES = {"fhirpathpy": 5000.0, "fhirpathrs": 75.0, "cql": 1000.0}


def _beside(ours: float, other: Json, times: float) -> Json:
    if "per_second" not in other:
        return other
    return {**other, "ours_is_faster": at_least(ours / _number(other["per_second"]), times)}


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value


def members(people: Population) -> frozenset[str]:
    """Return the ids of those who are in, by our evaluation."""
    segment, now = compiled(definition()), people.now
    return frozenset(p for p, record in people.records.items() if segment.evaluate(record, now).member)


def _ours(people: Population, passes: int) -> dict[str, object]:
    segment, now = compiled(definition()), people.now
    records = list(people.records.values())
    chunks = list(people.packed.items())

    def parsed() -> None:
        for _ in range(passes):
            look(segment, records, now)

    def packed() -> None:
        evaluate = segment.evaluate
        for key, chunk in chunks:
            evaluate(unpack(key, chunk), now)

    return {
        "parsed_per_second": rate(parsed, passes * len(records), _ROUNDS),
        "parsed_first_look_per_second": _first_look(segment, records, now),
        "packed_per_second": rate(packed, len(chunks), _ROUNDS),
        "unpacked_alone_per_second": rate(lambda: [unpack(*one) for one in chunks], len(chunks), _ROUNDS),
    }


def look(segment: CompiledSegment, records: Iterable[PatientRecord], now: Instant) -> None:
    """Evaluate everybody once, with the next flip."""
    evaluate = segment.evaluate
    for record in records:
        evaluate(record, now)


def _first_look(segment: CompiledSegment, records: list[PatientRecord], now: Instant) -> float:
    """Measure over facts that nobody has looked for by code yet: indexes are made when somebody does."""
    fresh = [
        [PatientRecord(r.key, r.patient_id, r.person, Facts.of_facts(*r.facts)) for r in records]
        for _ in range(_ROUNDS)
    ]
    waiting = iter(fresh)
    return rate(lambda: look(segment, next(waiting), now), len(records), _ROUNDS)


def asked(people: Population) -> Json:
    """Say of which share of the patients each clause is asked: whom none before it rules out for good."""
    chosen, now = definition(), people.now
    assert isinstance(chosen.criteria, AllCriterion)
    left, shares = list(people.records.values()), dict[str, float]()
    for clause in chosen.criteria.all_:
        word = next(iter(type(clause).model_fields))
        shares[f"{len(shares) + 1}_{word}"] = tidy(len(left) / len(people.records))
        test = compiled(chosen.model_copy(update={"criteria": clause})).test
        left = [r for r in left if test(r, now)[:2] != (False, NEVER)]
    return shares

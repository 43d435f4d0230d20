"""Small makers for the tests of segments: instants, facts, records, and segments from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any

import yaml
from msgspec.structs import replace

from shared.fhir.fact import Component, Fact, Person, Value
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.projections.timing import moment
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segment
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.valuesets import ValueSets

NO_VALUESETS = ValueSets.of([])
HBA1C = "http://loinc.org|4548-4"
DIABETES = "http://snomed.info/sct|44054006"
ADA = Person("ada", version="1", birth_date="1980-05-17", gender="female")


def at(text: str, zone: tzinfo = UTC) -> Instant:
    return parse_instant(text, zone)


def segment(
    criteria: str | Mapping[str, object],
    zone: tzinfo = UTC,
    valuesets: ValueSets = NO_VALUESETS,
    segments: Mapping[str, CompiledSegment] | None = None,
    **head: Any,
) -> CompiledSegment:
    """Compile criteria given as YAML or as data."""
    return compile_segment(definition(criteria, **head), valuesets, zone, segments or {})


def definition(criteria: str | Mapping[str, object], **head: Any) -> SegmentDefinition:
    body = yaml.safe_load(criteria) if isinstance(criteria, str) else criteria
    document = {"url": "https://example.org/s", "version": "1", "title": "Test", "criteria": body, **head}
    return parse_segment(document, "test.yaml")


def record(*facts: Fact, person: Person | None = ADA, **changes: Any) -> PatientRecord:
    """Make the record of Ada, with `changes` to her as a person, and these facts."""
    who = replace(person, **changes) if person is not None else None
    return PatientRecord("key", "ada", who, Facts.of_facts(*facts))


def fact(kind: str, identity: str = "1", when: str = "", **given: Any) -> Fact:
    """Make a fact; `when` is a FHIR date-time, or two joined by "/", the second "" for an open end."""
    if when:
        start, bar, end = when.partition("/")
        given["start"] = parse_instant(start) if start else None
        given["end"] = moment(end if bar else start, UTC)[1]
    return Fact(kind, identity, given.pop("version", "1"), **given)


def observation(
    number: float | None, when: str, identity: str = "1", unit: str = "%", code: str = HBA1C, **given: Any
) -> Fact:
    value = None if number is None else Value(number, unit)
    given = {"status": "final", "title": "HbA1c", "value": value} | given
    return fact("Observation", identity, when, codes=(code,), **given)


def condition(when: str = "2015-01-01/", identity: str = "1", code: str = DIABETES, **given: Any) -> Fact:
    given = {"status": "active", "title": "Diabetes"} | given
    return fact("Condition", identity, when, codes=(code,), **given)


def pressure(systolic: float, when: str, identity: str = "bp") -> Fact:
    part = Component(("http://loinc.org|8480-6",), Value(systolic, "mm[Hg]"))
    return fact(
        "Observation", identity, when, codes=("http://loinc.org|85354-9",), status="final", components=(part,)
    )


def holds(criteria: str, who: PatientRecord, now: str, zone: tzinfo = UTC) -> bool:
    """Say whether Ada is in the segment of these criteria."""
    return segment(criteria, zone).evaluate(who, at(now)).member

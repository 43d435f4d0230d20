"""The definitions that ship, and the test data, at hand for the tests of segments."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC
from functools import cache
from pathlib import Path

import pytest
import yaml

from shared.errors import Rejected
from shared.fhir.fact import Fact, Person
from shared.fhir.project import KEPT_TYPES, project
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.segment.compile import compile_segments
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import SegmentDefinition, parse_segment
from shared.segment.valuesets import ValueSets

ROOT = Path(__file__).parents[3]
URL = "https://hearthline.example/segments/"
DATA = Path(os.environ.get("HEARTHLINE_DATA") or ROOT.parent / "shared" / "data")


@cache
def valuesets() -> ValueSets:
    files = sorted((ROOT / "definitions" / "valuesets").glob("*.json"))
    return ValueSets.of([json.loads(path.read_text()) for path in files])


@cache
def definitions() -> tuple[SegmentDefinition, ...]:
    files = sorted((ROOT / "definitions" / "segments").glob("*.yaml"))
    return tuple(parse_segment(yaml.safe_load(path.read_text()), path.name) for path in files)


@cache
def segments() -> dict[str, CompiledSegment]:
    return {s.url.removeprefix(URL): s for s in compile_segments(definitions(), valuesets(), UTC)}


@cache
def segments_of_the_dead_too() -> dict[str, CompiledSegment]:
    wider = [d.model_copy(update={"include_deceased": True}) for d in definitions()]
    return {s.url.removeprefix(URL): s for s in compile_segments(wider, valuesets(), UTC)}


def population(folder: Path) -> dict[str, PatientRecord]:
    """Project a folder of NDJSON into records."""
    people: dict[str, Person] = {}
    facts: dict[str, list[Fact]] = {}
    for resource in _resources(folder):
        try:
            projection = project(resource)
        except Rejected:
            continue
        for patient in projection.patients:
            if isinstance(projection.content, Person):
                people[patient] = projection.content
            else:
                facts.setdefault(patient, []).append(projection.content)
    return {
        patient: PatientRecord(patient_key(patient), patient, person, Facts.of_facts(*facts.get(patient, ())))
        for patient, person in people.items()
    }


@cache
def synthetic() -> Mapping[str, PatientRecord]:
    """Project the synthetic population once; skips where it is not at hand."""
    folder = DATA / "synthea"
    if not folder.is_dir():
        pytest.skip(f"no test data: set HEARTHLINE_DATA or put it at {folder}")
    return population(folder)


def _resources(folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted(folder.glob("*.ndjson.gz")):
        if path.name.partition(".")[0] in KEPT_TYPES:
            with gzip.open(path, "rb") as lines:
                yield from map(json.loads, lines)

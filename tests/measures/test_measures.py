"""Clinical quality measures written as segments: every population of every test patient as expected.

Docs: docs/measures.md. The patients and value sets are in HEARTHLINE_DATA; the measures whose cases are not
there are held to compile, with a stand-in for each value set.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.segment_files import Surroundings, compile_file, read_document, surroundings
from cli.segment_population import Population
from shared.fhir.instants import parse_instant
from shared.fhir.lens import union
from shared.segment.compiled import CompiledSegment
from shared.segment.definition import parse_segment
from shared.segment.valuesets import ValueSets
from tests.unit.segment.shipped import DATA

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.yaml"))
JUDGED = ("CMS122", "CMS125", "CMS165")
POPULATIONS = ("initial-population", "denominator", "denominator-exclusion", "numerator")
needs_data = pytest.mark.skipif(
    not (DATA / "ecqm").is_dir(), reason=f"no test data: set HEARTHLINE_DATA or put it at {DATA}"
)


@cache
def around(*folders: Path) -> Surroundings:
    files = [next(folder.glob("*.yaml")) for folder in folders]
    return surroundings(files, [DATA / "ecqm" / "valuesets.ndjson.gz"], "UTC", print, [HERE / "shared"])


def answers(measure: str, as_of: str) -> tuple[list[dict[str, Any]], dict[str, dict[str, int]]]:
    """Return the expected cases, and of each patient the populations that our segments put them in."""
    (folder,) = (DATA / "ecqm").glob(f"{measure}*")
    made = {
        file.stem: compile_file(file, around(HERE / measure), {"period": "2026"})[0]
        for file in (HERE / measure).glob("*.yaml")
    }
    made["denominator"] = made["initial-population"]
    population = Population(ZoneInfo("UTC"), union(segment.lens for segment in made.values()))
    population.read(folder / "patients.ndjson.gz", print)
    now = parse_instant(as_of)
    found = {
        record.patient_id: {name: int(made[name].test(record, now)[0]) for name in POPULATIONS}
        for record in population.records()
    }
    return json.loads((folder / "expected.json").read_text()), found


@needs_data
@pytest.mark.parametrize("as_of", ["2026-06-30T12:00:00Z", "2027-04-01T00:00:00Z"])
def test_189_of_189_whenever_it_is_asked(as_of: str):
    right = 0
    for measure in JUDGED:
        cases, found = answers(measure, as_of)
        assert len(cases) == len(found)
        for case in cases:
            expected = {group["group"]: group["populations"] for group in case["groups"]}
            assert expected == {"Group_1": found[case["case"]]}, (measure, case["title"])
            right += 1
    assert right == 189


@needs_data
def test_another_period_reaches_the_segments_that_are_referred_to():
    file, told = HERE / "CMS165" / "numerator.yaml", {"period": "2025"}
    segment, _ = compile_file(file, around(HERE / "CMS165"), told)
    population = Population(ZoneInfo("UTC"), segment.lens)
    (folder,) = (DATA / "ecqm").glob("CMS165*")
    population.read(folder / "patients.ndjson.gz", print)
    now = parse_instant("2027-04-01T00:00:00Z")
    assert not any(segment.test(record, now)[0] for record in population.records())


@cache
def stand_ins() -> ValueSets:
    """Give every value set that is named one code of its own."""
    named = {url for file in FILES for url in _named(read_document(file))}
    code = {"system": "urn:stand-in", "code": "1"}
    return ValueSets.of(
        {"resourceType": "ValueSet", "url": url, "expansion": {"contains": [code]}} for url in named
    )


def _named(node: object) -> list[str]:
    if isinstance(node, dict):
        own = node.get("valueset", [])
        inner = [url for key, value in node.items() if key != "valueset" for url in _named(value)]
        return [*([own] if isinstance(own, str) else own), *inner]
    return [url for item in node for url in _named(item)] if isinstance(node, list) else []


def compiled(file: Path) -> CompiledSegment:
    others = {}
    for other in (*(HERE / "shared").glob("*.yaml"), *file.parent.glob("*.yaml")):
        definition = parse_segment(read_document(other), str(other))
        others[definition.url] = (definition, str(other))
    return compile_file(file, Surroundings(stand_ins(), ZoneInfo("UTC"), others))[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_measure_compiles_and_says_where_it_lies(file: Path):
    segment = compiled(file)
    assert segment.url == f"https://hearthline.example/measures/{file.parent.name}/{file.stem}"
    assert segment.touches


def test_no_licensed_code_is_written_down():
    """CPT and HCPCS are licensed: the files name value sets, and codes of public systems only."""
    for file in FILES:
        assert "ama-assn" not in file.read_text(), file

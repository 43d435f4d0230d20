"""docs/segments.md: every example runs, and says the truth about Ada."""

from __future__ import annotations

import json
import re
from datetime import UTC

import pytest
import yaml

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import iso
from shared.fhir.lens import EMPTY, Lens
from shared.fhir.project import project
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segment
from shared.segment.compiled import CompiledSegment
from shared.segment.criteria.age import AgeRange
from shared.segment.criteria.language import FAMILIES
from shared.segment.definition import parse_segment
from shared.segment.element import ElementPattern
from shared.segment.measures import CoveredDays, TotalTime
from shared.segment.pattern import ResourcePattern
from shared.segment.picks import Pick
from shared.segment.static_list import StaticLists, parse_csv, parse_list
from shared.segment.values import ValuePattern
from shared.segment.when import When
from shared.segment.window import Window
from tests.unit.segment import shipped
from tests.unit.segment.making import at, definition

PAGE = shipped.ROOT / "docs" / "segments.md"
NOW = at("2026-03-15T12:00:00Z")
EXAMPLES = re.findall(r"```yaml\n(.*?)# (.*?)\n```", PAGE.read_text(), re.DOTALL)


def ada(lens: Lens = EMPTY) -> PatientRecord:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    contents = [project(resource, UTC, lens).content for resource in json.loads(block)]
    (person,) = (content for content in contents if isinstance(content, Person))
    return PatientRecord(
        "key", "ada", person, Facts.of_facts(*(content for content in contents if isinstance(content, Fact)))
    )


def compiled(text: str) -> CompiledSegment:
    document = yaml.safe_load(text)
    found = parse_segment(document, "docs/segments.md") if "url" in document else definition(document)
    known = {segment.url: segment for segment in shipped.segments().values()}
    (table,) = re.findall(r"```csv\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lists = StaticLists([parse_list(parse_csv(table, "docs"), "docs")])
    return compile_segment(found, shipped.valuesets(), UTC, known, lists=lists)


def answer(text: str) -> str:
    segment = compiled(text)
    evaluation = segment.evaluate(ada(segment.criteria.lens), NOW)
    until = "" if evaluation.next_flip is None else f" (until {iso(evaluation.next_flip)})"
    return f"{'in' if evaluation.member else 'out'}: {evaluation.reason}{until}"


@pytest.mark.parametrize(("text", "said"), EXAMPLES, ids=[text.split("\n")[0] for text, _ in EXAMPLES])
def test_an_example_says_the_truth(text: str, said: str):
    assert said == answer(text)


def test_every_word_has_an_example():
    shown = {word for text, _ in EXAMPLES for word in re.findall(r"[\w]+(?=[:,\]])", text)}
    models = (
        ResourcePattern,
        ElementPattern,
        ValuePattern,
        When,
        Window,
        Pick,
        CoveredDays,
        TotalTime,
        AgeRange,
    )
    known = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert {*FAMILIES, *known} - shown <= {"is_"}
    assert len(EXAMPLES) == PAGE.read_text().count("```yaml")

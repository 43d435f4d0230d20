"""docs/segments.md: every example runs, and says the truth about Ada."""

from __future__ import annotations

import json
import re
from datetime import UTC

import pytest
import yaml

from shared.fhir.fact import Fact, Person
from shared.fhir.instants import iso
from shared.fhir.project import project
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord
from shared.segment.compile import compile_segment
from shared.segment.compiled import CompiledSegment
from shared.segment.criteria.language import FAMILIES
from shared.segment.definition import parse_segment
from tests.unit.segment import shipped
from tests.unit.segment.making import at, definition

PAGE = shipped.ROOT / "docs" / "segments.md"
NOW = at("2026-03-15T12:00:00Z")
EXAMPLES = re.findall(r"```yaml\n(.*?)# (.*?)\n```", PAGE.read_text(), re.DOTALL)


def ada() -> PatientRecord:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    contents = [project(resource, UTC).content for resource in json.loads(block)]
    (person,) = (content for content in contents if isinstance(content, Person))
    return PatientRecord(
        "key", "ada", person, Facts.of_facts(*(content for content in contents if isinstance(content, Fact)))
    )


def compiled(text: str) -> CompiledSegment:
    document = yaml.safe_load(text)
    found = parse_segment(document, "docs/segments.md") if "url" in document else definition(document)
    known = {segment.url: segment for segment in shipped.segments().values()}
    return compile_segment(found, shipped.valuesets(), UTC, known)


def answer(text: str) -> str:
    evaluation = compiled(text).evaluate(ada(), NOW)
    until = "" if evaluation.next_flip is None else f" (until {iso(evaluation.next_flip)})"
    return f"{'in' if evaluation.member else 'out'}: {evaluation.reason}{until}"


@pytest.mark.parametrize(("text", "said"), EXAMPLES, ids=[text.split("\n")[0] for text, _ in EXAMPLES])
def test_an_example_says_the_truth(text: str, said: str):
    assert said == answer(text)


def test_every_word_has_an_example():
    shown = {word for text, _ in EXAMPLES for word in re.findall(r"[\w]+(?=:)", text)}
    assert set(FAMILIES) <= shown
    assert {"starts", "ends", "overlaps", "last", "next", "from", "after", "before", "until"} <= shown
    assert {
        "code",
        "valueset",
        "text",
        "status",
        "verification_status",
        "class",
        "value",
        "component",
    } <= shown
    assert {"intent", "category", "priority", "which", "at_least", "label"} <= shown
    assert len(EXAMPLES) == PAGE.read_text().count("```yaml")

"""The value sets that ship: sound, used, and of systems that may ship."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.unit.segment import shipped

SYSTEMS = {
    "http://snomed.info/sct",
    "http://loinc.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/cvx",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "https://nahdo.org/sopt",
}
"""No CPT."""


@cache
def valuesets() -> dict[str, dict[str, Any]]:
    folder = shipped.ROOT / "definitions" / "valuesets"
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


@pytest.mark.parametrize("name", valuesets())
def test_it_says_what_it_is_and_lists_each_code_once(name: str):
    found = valuesets()[name]
    assert found["url"] == f"https://hearthline.example/valuesets/{name}"
    assert all(found[word] for word in ("title", "description", "copyright", "version"))
    listed = [
        (part["system"], one["code"]) for part in found["compose"]["include"] for one in part["concept"]
    ]
    assert len(set(listed)) == len(listed)
    assert {system for system, _ in listed} <= SYSTEMS
    assert all(one["display"].strip() for part in found["compose"]["include"] for one in part["concept"])


@pytest.mark.parametrize("name", valuesets())
def test_hcpcs_codes_are_those_of_level_two(name: str):
    """Level I is CPT, whose codes begin with a digit."""
    parts = (part for part in valuesets()[name]["compose"]["include"] if "HCPCS" in part["system"])
    assert all(one["code"][0].isalpha() for part in parts for one in part["concept"])


def test_every_one_is_used_by_a_segment():
    texts = [path.read_text() for path in (shipped.ROOT / "definitions" / "segments").glob("*.yaml")]
    words = {word.strip(",}]'\"") for text in texts for word in text.split()}
    assert [name for name, found in valuesets().items() if found["url"] not in words] == []

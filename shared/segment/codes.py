"""Codes as authors write them, and how they find the tokens "system|code" that facts carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

SYSTEMS = {
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "act": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
}
"""Short names of code systems: "loinc|4548-4" is "http://loinc.org|4548-4"."""


def _expanded(text: str) -> str:
    system, bar, code = text.strip().rpartition("|")
    if not bar or not code:
        raise ValueError('is not "system|code", for example loinc|4548-4')
    return f"{SYSTEMS.get(system, system)}|{code}"


def _listed(value: object) -> object:
    """Let authors write one thing where a list is allowed."""
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, tuple) or value is None else (value,)


def listed(shown: object) -> BeforeValidator:
    """Let one stand for a list, and show the JSON Schema of `shown` to editors."""
    return BeforeValidator(_listed, json_schema_input_type=shown)


type Word = Annotated[str, Field(min_length=1)]
type Token = Annotated[str, AfterValidator(_expanded)]
LISTED = BeforeValidator(_listed)
"""One stands for a list; editors are shown the list."""
ONE_OR_MANY = listed(str | list[str])
type Words = Annotated[tuple[Word, ...], ONE_OR_MANY, Field(min_length=1)]
"""One word or a list of them: any of them will do."""
type Tokens = Annotated[tuple[Token, ...], ONE_OR_MANY, Field(min_length=1)]
"""One "system|code" or a list of them: any of them will do."""


def matcher(wanted: Iterable[str]) -> Callable[[Iterable[str]], bool]:
    """Match any of the words against what a fact carries: bare codes in any system, tokens exactly."""
    exact = {
        SYSTEMS.get(system, system) + bar + code for system, bar, code in (w.rpartition("|") for w in wanted)
    }
    bare = {w for w in exact if "|" not in w}

    def matches(found: Iterable[str]) -> bool:
        return any(f in exact or f.rpartition("|")[2] in bare for f in found)

    return matches

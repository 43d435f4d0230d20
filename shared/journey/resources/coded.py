"""Coded: how authors name a code, "system|code" or plain words, and the CodeableConcept that it becomes.

https://hl7.org/fhir/R4/datatypes.html#CodeableConcept ; for the steps that write FHIR resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

type Json = dict[str, object]

_SYSTEM = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+")
_CODE = re.compile(r"\S+(?: \S+)*")
_REFERENCE = r"^[A-Z][A-Za-z]{2,63}/[A-Za-z0-9\-.]{1,64}$"


def _coded(text: str) -> str:
    if not text.strip():
        raise ValueError("says nothing")
    system, bar, code = text.partition("|")
    if bar and not (_SYSTEM.fullmatch(system) and _CODE.fullmatch(code) and "|" not in code):
        raise ValueError("is neither words nor system|code, such as http://loinc.org|4548-4")
    return text


Coded = Annotated[str, AfterValidator(_coded), Field(min_length=1, max_length=300)]
"""A code as "system|code", the system being a URI; or plain words."""

Reference = Annotated[str, Field(pattern=_REFERENCE, max_length=130)]
"""A literal reference, "Practitioner/1"."""


def concept(coded: str, text: str = "") -> Json:
    """Make a CodeableConcept; `text` says in words what a code means."""
    system, bar, code = coded.partition("|")
    if not bar:
        return {"text": coded}
    coding: Json = {"coding": [{"system": system, "code": code}]}
    return {**coding, "text": text} if text else coding


def concepts(coded: Iterable[str]) -> list[Json]:
    """Make CodeableConcepts."""
    return [concept(each) for each in coded]


def words(coded: str) -> str:
    """Say a code as staff read it on a timeline: the words, or the code alone."""
    return coded.rpartition("|")[2]

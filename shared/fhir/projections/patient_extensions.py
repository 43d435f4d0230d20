"""Extensions of Patient: those of US Core by their names, and those that a definition asks for by URL.

Part of shared.fhir.projections.patient. Source: https://hl7.org/fhir/us/core/StructureDefinition-us-core-patient.html
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.fhir.projections.elements import Json, codings, each, prose, word
from shared.fhir.projections.extensions import simple

_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_OMB = {_US_CORE + "race": "race", _US_CORE + "ethnicity": "ethnicity"}
_SIMPLE = {
    _US_CORE + "birthsex": "birth-sex",
    _US_CORE + "sex": "sex",
    _US_CORE + "individual-sex": "sex",
    _US_CORE + "genderIdentity": "gender-identity",
    "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired": "interpreter-required",
    "http://hl7.org/fhir/StructureDefinition/timezone": "time-zone",
    "http://hl7.org/fhir/StructureDefinition/tz-code": "time-zone",
}
NAMES = frozenset({*_SIMPLE.values(), *_OMB.values(), *(f"{name}-text" for name in _OMB.values())})
"""The attributes that known() may give."""

type Kept = dict[str, tuple[str, ...]]


def known(extensions: object) -> Kept:
    """Read the extensions that have a name: race and ethnicity as tokens, of categories and details."""
    found: Kept = {}
    for extension in each(extensions):
        url = word(extension.get("url"))
        if url in _SIMPLE:
            _add(found, _SIMPLE[url], simple(extension))
        elif url in _OMB:
            _add(found, _OMB[url], _codes(extension))
            _add(found, f"{_OMB[url]}-text", _texts(extension))
    return found


def asked(resource: Json, wanted: frozenset[str]) -> Kept:
    """Read the extensions of these URLs as attributes "extension:URL", of "URL#part" that part inside."""
    found: Kept = {}
    if wanted:
        for url, extension in _named(resource):
            if url in wanted:
                _add(found, f"extension:{url}", simple(extension))
    return found


def _named(resource: Json) -> Iterator[tuple[str, Json]]:
    for extension in (*each(resource.get("extension")), *each(resource.get("modifierExtension"))):
        url = word(extension.get("url"))
        yield url, extension
        for part in each(extension.get("extension")):
            yield f"{url}#{word(part.get('url'))}", part


def _add(found: Kept, name: str, kept: tuple[str, ...]) -> None:
    if kept:
        found[name] = tuple(dict.fromkeys(found.get(name, ()) + kept))


def _codes(extension: Json) -> tuple[str, ...]:
    return tuple(
        token for part in each(extension.get("extension")) for token in codings(part.get("valueCoding"))
    )


def _texts(extension: Json) -> tuple[str, ...]:
    parts = (part for part in each(extension.get("extension")) if part.get("url") == "text")
    return tuple(filter(None, (prose(part.get("valueString")) for part in parts)))

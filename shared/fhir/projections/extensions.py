"""Reading FHIR extensions (https://hl7.org/fhir/R4/extensibility.html): what some say in place of elements.

Used by the families of shared.fhir.projections. Known extensions are told by the last part of their URL, as
QI-Core (https://hl7.org/fhir/us/qicore/) has moved them between bases from release to release.
"""

from __future__ import annotations

from shared.fhir.projections.elements import (
    Json,
    Reader,
    codings,
    concepts,
    each,
    inside,
    proses,
    references,
    word,
    words,
)
from shared.fhir.projections.values import numeral


def extended(*tails: str) -> Reader:
    """Make a reader of the simple values of the extensions whose URL ends so, upper and lower case alike."""
    wanted = frozenset(tail.lower() for tail in tails)

    def read(value: object) -> tuple[str, ...]:
        found = (simple(item) for item in each(value) if _tail(item) in wanted)
        return tuple(dict.fromkeys(kept for part in found for kept in part))

    return read


def prohibits(value: object) -> tuple[str, ...]:
    """Read modifierExtension: "true" where one says that this must not be done, as R5 can by an element.

    https://hl7.org/fhir/R4/extensibility.html#modifierExtension : ignoring it would turn the meaning round.
    """
    says = any(item.get("valueBoolean") is True and _tail(item).endswith(_NOT) for item in each(value))
    return ("true",) if says else ()


def unnamed(value: object) -> tuple[str, ...]:
    """Read of a CodeableConcept the value set, not one of whose codes was done: no code is chosen then."""
    said = (item for concept in each(value) for item in each(concept.get("extension")))
    return tuple(
        canonical
        for item in said
        if _tail(item).endswith("notdonevalueset")
        and (canonical := word(item.get("valueCanonical")) or word(item.get("valueUri")))
    )


REASON_NOT = extended("qicore-notDoneReason", "qicore-doNotPerformReason")
"""Why something was not done, or is not to be done."""

RECORDED = extended("qicore-recorded")
"""When it was recorded that something was not done."""


def simple(extension: Json) -> tuple[str, ...]:
    """Read value[x]: tokens of what is coded, references, everything else as its text."""
    for element, value in extension.items():
        if element in _SIMPLE:
            return _SIMPLE[element](value)
    return ()


def _tail(extension: Json) -> str:
    return word(extension.get("url")).rpartition("/")[2].lower()


def _boolean(value: object) -> tuple[str, ...]:
    return ("true" if value else "false",) if isinstance(value, bool) else ()


def _concept(value: object) -> tuple[str, ...]:
    return concepts(value) or proses(inside(value, "text"))


def _quantity(value: object) -> tuple[str, ...]:
    """Read a quantity as text, "5 mg"."""
    unit = word(inside(value, "code")) or word(inside(value, "unit"))
    return tuple(f"{found} {unit}".rstrip() for found in numeral(inside(value, "value")))


_NOT = "donotperform"
_SIMPLE: dict[str, Reader] = {
    **dict.fromkeys(("valueCode", "valueId", "valueUri", "valueUrl", "valueCanonical", "valueOid"), words),
    **dict.fromkeys(("valueDate", "valueDateTime", "valueInstant", "valueTime"), words),
    **dict.fromkeys(("valueInteger", "valueDecimal", "valuePositiveInt", "valueUnsignedInt"), numeral),
    **dict.fromkeys(("valueString", "valueMarkdown"), proses),
    "valueBoolean": _boolean,
    "valueCodeableConcept": _concept,
    "valueCoding": codings,
    "valueQuantity": _quantity,
    "valueReference": references,
}

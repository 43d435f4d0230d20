"""Reading FHIR elements that may hold anything: every reader returns nothing where the shape is wrong.

Readers of elements take one value or a list of them, as cardinalities differ between FHIR releases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.errors import Rejected
from shared.fhir.references import parse_reference

type Json = Mapping[str, object]
"""A JSON object, as decoded."""

type Reader = Callable[[object], tuple[str, ...]]
"""Turns an element into the words that are kept of it."""

MOST = 256
"""How many repetitions of an element are looked at: a fact must stay small."""
_LONGEST_WORD = 1024
_LONGEST_PROSE = 1000


def word(value: object) -> str:
    """Return a code, an id or a URL as it stands; "" when it is not text or too long to be one."""
    if not isinstance(value, str) or len(value) > _LONGEST_WORD:
        return ""
    return value if value.isascii() or _encodable(value) else ""


def prose(value: object) -> str:
    """Return text that people read, cut after 1,000 characters."""
    if not isinstance(value, str):
        return ""
    return value[:_LONGEST_PROSE] if value.isascii() or _encodable(value) else ""


def _encodable(value: str) -> bool:
    """Say whether UTF-8 can hold it: JSON can spell half of a surrogate pair, no store takes it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def each(value: object) -> list[Json]:
    """Return the objects of a list, or the one object that stands where a list may be."""
    if isinstance(value, list):
        return [item for item in value[:MOST] if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def inside(value: object, name: str) -> object:
    """Return an element of an object, None where there is no object."""
    return value.get(name) if isinstance(value, dict) else None


def words(value: object) -> tuple[str, ...]:
    """Read codes and other words."""
    found = value[:MOST] if isinstance(value, list) else [value]
    return tuple(filter(None, map(word, found)))


def proses(value: object) -> tuple[str, ...]:
    """Read texts for people."""
    found = value[:MOST] if isinstance(value, list) else [value]
    return tuple(filter(None, map(prose, found)))


def flag(value: object) -> tuple[str, ...]:
    """Read a boolean that is only worth keeping when it is true."""
    return ("true",) if value is True else ()


def codings(value: object) -> tuple[str, ...]:
    """Read Codings as tokens "system|code"."""
    found: list[str] = []
    for coding in each(value):
        code, system = word(coding.get("code")), coding.get("system")
        if code and (system is None or word(system)):
            found.append(f"{system or ''}|{code}")
    return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))


def concepts(value: object) -> tuple[str, ...]:
    """Read CodeableConcepts as tokens "system|code"."""
    if isinstance(value, dict):
        return codings(value.get("coding"))
    found = [token for concept in each(value) for token in codings(concept.get("coding"))]
    return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))


def concept_title(value: object) -> str:
    """Return what a person would call a CodeableConcept, the first of them that says so."""
    for concept in each(value):
        if title := prose(concept.get("text")):
            return title
        for coding in each(concept.get("coding")):
            if title := prose(coding.get("display")):
                return title
    return ""


def status_code(value: object, system: str = "") -> str:
    """Return the code of a CodeableConcept that says a status, the one of `system` before any other."""
    found = [c for c in each(inside(value, "coding")) if word(c.get("code"))]
    best = next((c for c in found if c.get("system") == system), found[0] if found else None)
    return word(best["code"]) if best else word(inside(value, "text"))


def reference(value: object) -> str:
    """Read a literal reference as "Type/id"; "" for logical, contained, conditional and urn:uuid ones."""
    literal = inside(value, "reference")
    if not isinstance(literal, str):
        return ""
    try:
        return str(parse_reference(literal)[0])
    except Rejected:
        return ""


def references(value: object) -> tuple[str, ...]:
    """Read literal references as "Type/id"."""
    if isinstance(value, dict):
        return (found,) if (found := reference(value)) else ()
    return tuple(dict.fromkeys(filter(None, map(reference, each(value)))))


def patients(value: object) -> tuple[str, ...]:
    """Return the ids of the patients that are referred to."""
    return tuple(found[8:] for found in references(value) if found.startswith("Patient/"))


def contained(resource: Json, named: object, resource_type: str) -> Json | None:
    """Return the resource of that type inside this one to which a Reference "#id" leads."""
    literal = word(inside(named, "reference"))
    if not literal.startswith("#"):
        return None
    held = (item for item in each(resource.get("contained")) if item.get("id") == literal[1:])
    return next((item for item in held if item.get("resourceType") == resource_type), None)


def within(element: str, reader: Reader) -> Reader:
    """Make a reader of `element` inside each object of a list."""

    def read(value: object) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found for item in each(value) for found in reader(item.get(element))))

    return read


def attributes(resource: Json, table: tuple[tuple[str, str, Reader], ...]) -> dict[str, tuple[str, ...]]:
    """Read what the rows of a Table name (see table.py); what is absent or empty is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for element, name, reader in table:
        value = resource.get(element)
        if value is not None and (kept := reader(value)):
            found[name] = found[name] + kept if name in found else kept
    return found

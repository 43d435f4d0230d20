"""The lens: what published segments ask of a resource beyond its facts, looked at once, when it arrives.

FHIRPath filters become marks, and extensions of Patient become attributes, both in the fact that
shared.fhir.project makes; segments (shared.segment) then ask the fact alone. A catalogue has one lens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from shared.fhir.fact import Fact, Person
from shared.fhir.fhirpath import evaluate
from shared.fhir.filters import check_expression

MARKS = "fhirpath"
"""The attribute of marks: "+" or "-" and the digest of an expression."""

LOOKED_FOR = "extensions"
"""The attribute of a Person that says which extensions were looked for, as digests of their URLs."""

_ENGINE = "1"
"""Part of every digest: another number here has everything evaluated again, as after a fix in the engine."""

type Attributes = dict[str, tuple[str, ...]]
type Filters = Mapping[str, frozenset[str]]
_NO_FILTERS: Filters = MappingProxyType({})


class Lens(Struct, frozen=True):
    """What to look for in resources."""

    filters: Filters = _NO_FILTERS
    """FHIRPath expressions by resource type, "Patient" too."""
    extensions: frozenset[str] = frozenset()
    """URLs of extensions of Patient; "url#part" for one within another."""
    digest: str = ""
    """What this lens is known by; "" for one that looks for nothing."""

    def __post_init__(self) -> None:
        """Name it by what it looks for."""
        asked = sorted(f"{kind} {text}" for kind, texts in self.filters.items() for text in texts)
        told = "\n".join((_ENGINE, *asked, "", *sorted(self.extensions)))
        force_setattr(self, "digest", _digest(told) if asked or self.extensions else "")

    def marks(self, resource_type: str, resource: Mapping[str, Any]) -> Attributes:
        """Return the attributes that say what was looked for in a resource, and which filters are true."""
        found = self._looked_for(resource_type)
        if texts := self.filters.get(resource_type):
            found[MARKS] = tuple(sorted(_mark(text, resource) for text in texts))
        return found

    def covers(self, content: Fact | Person) -> bool:
        """Say whether all that this lens looks for in such a resource has been looked for in this one."""
        kind = content.reference.partition("/")[0]
        texts = self.filters.get(kind, ())
        extensions = self.extensions if kind == "Patient" else ()
        if content.gone or not (texts or extensions):
            return True
        known = {mark[1:] for mark in content.attributes.get(MARKS, ())}
        looked = content.attributes.get(LOOKED_FOR, ())
        return all(mark_of(t) in known for t in texts) and all(mark_of(url) in looked for url in extensions)

    def given_up(self, content: Fact | Person) -> Fact | Person:
        """Return what cannot be looked at any more: none of the filters that are not known is true of it."""
        kind = content.reference.partition("/")[0]
        known = {mark[1:] for mark in content.attributes.get(MARKS, ())}
        found = self._looked_for(kind)
        if marks := tuple(f"-{mark_of(t)}" for t in self.filters.get(kind, ()) if mark_of(t) not in known):
            found[MARKS] = marks
        return replace(content, attributes=joined(content.attributes, found))

    def _looked_for(self, kind: str) -> Attributes:
        if kind != "Patient" or not self.extensions:
            return {}
        return {LOOKED_FOR: tuple(sorted(map(mark_of, self.extensions)))}


EMPTY = Lens()


def union(lenses: Iterable[Lens]) -> Lens:
    """Return the lens that looks for all that these look for."""
    filters: dict[str, frozenset[str]] = {}
    extensions: frozenset[str] = frozenset()
    for lens in lenses:
        extensions |= lens.extensions
        for kind, texts in lens.filters.items():
            filters[kind] = filters.get(kind, frozenset()) | texts
    return Lens(filters, extensions) if filters or extensions else EMPTY


def joined(held: Attributes, found: Attributes) -> Attributes:
    """Return what is held of a resource, with what was found besides in the same version of it."""
    more = {name: values for name, values in found.items() if name.startswith("extension:")}
    for name in (MARKS, LOOKED_FOR):
        if marks := {*held.get(name, ()), *found.get(name, ())}:
            more[name] = tuple(sorted(marks))
    return {**more, **held, **{name: more[name] for name in (MARKS, LOOKED_FOR) if name in more}}


def mark_of(text: str) -> str:
    """Return the digest by which an expression or a URL is known in a fact; "+" before it: it is true."""
    return _digest(f"{_ENGINE}\n{text}")


def _mark(text: str, resource: Mapping[str, Any]) -> str:
    return ("+" if is_true(text, resource) else "-") + mark_of(text)


def is_true(expression: str, resource: Mapping[str, Any]) -> bool:
    """Say whether a filter is true of a resource; what cannot be evaluated is not."""
    if check_expression(expression) is not None:
        return False
    try:
        return evaluate(expression, resource)
    except Exception:  # the engine raises what it likes; its text may quote the resource, so it goes nowhere
        return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]

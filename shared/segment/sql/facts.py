"""Which facts a pattern asks for, whatever their time, as conditions on the columns of `facts`."""

from __future__ import annotations

from collections.abc import Iterator

from shared.fhir.lens import mark_of
from shared.segment.criterion import Context
from shared.segment.element import ElementPattern, element_name
from shared.segment.pattern import ComponentPattern, ResourcePattern
from shared.segment.sql.query import Build
from shared.segment.sql.text import all_of, among, any_of, contains_any, holds_any, listing, literal, matched
from shared.segment.sql.values import valued
from shared.segment.types import NEVER_COUNTS, PROHIBITABLE, VERIFIED_TYPES


def recorded(pattern: ResourcePattern, context: Context, once: bool) -> str:
    """Test the type and codes of rows `f` of the table itself; `once` for one row of each fact."""
    tests, tokens = [f"f.type = {literal(pattern.type or '')}"], sorted(pattern.tokens(context))
    if pattern.texts or not pattern.chooses:
        return all_of([*tests, "f.nth = 0", chosen(pattern, context)])
    tests.append(among("f.code", tokens))
    if once and len(tokens) > 1:
        first = f"list_filter(f.codes, lambda c: list_contains({listing(tokens)}, c))[1]"
        tests.append(f"(f.nth = 0 OR f.code = {first})")
    return all_of(tests)


def chosen(pattern: ResourcePattern, context: Context) -> str:
    """Test the codes and the text of a fact, whichever row of it this is."""
    if not pattern.chooses:
        return all_of([])
    texts = contains_any("f.title", pattern.texts)
    return any_of([holds_any("f.codes", pattern.tokens(context)), texts])


def kept(pattern: ResourcePattern, context: Context) -> str:
    """Test status, attributes and elements, with the safe defaults of the type."""
    return all_of([*_status(pattern), *_attributes(pattern), *_elements(pattern, context)])


def _attribute(name: str) -> str:
    return f"f.attributes[{literal(name)}]"


def _status(pattern: ResourcePattern) -> Iterator[str]:
    if pattern.status:
        yield among("f.status", pattern.status)
    elif pattern.type is not None and (never := NEVER_COUNTS[pattern.type]):
        yield f"NOT {among('f.status', never)}"
    if pattern.type in VERIFIED_TYPES:
        if pattern.verification_status:
            yield holds_any(_attribute("verification-status"), pattern.verification_status)
        else:
            yield "NOT f.disproved"
    if pattern.type is not None and pattern.not_to:
        yield "f.prohibits"
    elif pattern.type in PROHIBITABLE:
        yield "NOT f.prohibits"


def _attributes(pattern: ResourcePattern) -> Iterator[str]:
    for name, words in pattern.attributes.items():
        yield matched(_attribute(name), words)
    if pattern.fhirpath:
        yield holds_any(_attribute("fhirpath"), [f"+{mark_of(pattern.fhirpath)}"])


def _elements(pattern: ResourcePattern, context: Context) -> Iterator[str]:
    for word, wanted in (pattern.elements or {}).items():
        yield element(_attribute(element_name(word)), wanted, context.inside(f".elements.{word}"))


def element(expression: str, wanted: ElementPattern, context: Context) -> str:
    """Test what an element carries, as shared.segment.element does; never NULL."""
    if wanted.exists is not None:
        there = f"coalesce(len({expression}) > 0, false)"
        return there if wanted.exists else f"NOT {there}"
    if wanted.is_:
        return matched(expression, wanted.is_)
    tests = [holds_any(expression, wanted.tokens(context))]
    if wanted.texts:
        part = contains_any("lower(w)", wanted.texts)
        tests.append(f"coalesce(len(list_filter({expression}, lambda w: {part})) > 0, false)")
    return any_of(tests)


def accepted(pattern: ResourcePattern, build: Build) -> str:
    """Test the value and the components of a fact; may be NULL for no."""
    tests = []
    if pattern.value is not None:
        tests.append(
            valued(pattern.value, build.context.inside(".value"), build.snapshot.units, "f.", "f.valued")
        )
    for number, component in enumerate(pattern.component or ()):
        tests.append(_component(component, build.inside(f".component[{number}]")))
    return all_of(tests)


def _component(pattern: ComponentPattern, build: Build) -> str:
    tests = [holds_any("c.codes", pattern.tokens(build.context))]
    if pattern.value is not None:
        tests.append(
            valued(pattern.value, build.context.inside(".value"), build.snapshot.units, "c.", "true")
        )
    return f"len(list_filter(f.components, lambda c: coalesce({all_of(tests)}, false))) > 0"

"""A segment's criteria in English, for who reads definitions and does not write them: a line for each.

What holds others comes first, what it holds one level deeper. Said of nobody: what a segment says of one
patient is an Explanation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from shared.segment.criteria.language import AnyCriterion
from shared.segment.criteria.logic import AllCriterion, AnyOfCriterion, NotCriterion
from shared.segment.criteria.member import ListCriterion, MemberCriterion
from shared.segment.criteria.resource import HasCriterion, HasNoCriterion
from shared.segment.definition import SegmentDefinition
from shared.segment.pattern import ComponentPattern, ResourcePattern

_MOST = 12
"""Words that are said one by one."""


class Line(Struct, frozen=True):
    """A criterion in words."""

    depth: int
    """0 at the top, 1 for what lies in that."""
    text: str


def lines(definition: SegmentDefinition) -> tuple[Line, ...]:
    """Return the criteria of a definition in words, and the matches that they name."""
    matches = definition.matches.items()
    named = (line for name, pattern in matches for line in _pattern(f"where {name} is", pattern, 0))
    return (*_criterion(definition.criteria, 0), *named)


def _criterion(criterion: AnyCriterion, depth: int) -> Iterator[Line]:
    match criterion:
        case AllCriterion():
            yield from _held("all of these", criterion.all_, depth)
        case AnyOfCriterion():
            yield from _held("at least one of these", criterion.any_, depth)
        case NotCriterion():
            yield from _held("not", (criterion.not_,), depth)
        case HasCriterion():
            yield from _pattern("has", criterion.has, depth)
        case HasNoCriterion():
            yield from _pattern("has no", criterion.has_no, depth)
        case MemberCriterion():
            yield Line(depth, f"is in the segment {criterion.member_of}")
        case ListCriterion():
            yield Line(depth, f"is on the list {_flat(criterion.in_list)}")
        case _:
            yield from (Line(depth, text) for text in _plain(criterion))


def _held(words: str, inner: tuple[AnyCriterion, ...], depth: int) -> Iterator[Line]:
    yield Line(depth, f"{words}:")
    for each in inner:
        yield from _criterion(each, depth + 1)


def _pattern(words: str, pattern: ResourcePattern, depth: int) -> Iterator[Line]:
    yield Line(depth, f"{words} {_resource(pattern)}".strip())
    inner = (
        ("such as", pattern.any_of),
        ("together with", pattern.with_),
        ("without", pattern.without),
    )
    for each, patterns in inner:
        for found in patterns or ():
            yield from _pattern(each, found, depth + 1)


def _resource(pattern: ResourcePattern) -> str:
    """Say which resource: "latest HbA1c > 9 % in the last 6 months"."""
    counted = f"at least {pattern.at_least}" if pattern.at_least else ""
    on_days = f"on {pattern.on_days} days" if pattern.on_days else ""
    return " ".join(
        filter(
            None,
            (
                counted,
                *(step.word.replace("_", " ") for step in (pattern.which.steps if pattern.which else ())),
                _any_of(pattern.status or ()) if not pattern.label else "",
                pattern.label or pattern.words() or pattern.type or pattern.from_ or "something",
                pattern.value.words() if pattern.value else "",
                ", ".join(map(_component, pattern.component or ())),
                on_days,
                pattern.when.words() if pattern.when else "",
            ),
        )
    )


def _component(wanted: ComponentPattern) -> str:
    return f"{wanted.words()} {wanted.value.words() if wanted.value else ''}".strip()


def _plain(criterion: AnyCriterion) -> Iterator[str]:
    """Say a criterion on the patient as its author wrote it: "age at least 18, below 65"."""
    written = criterion.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    for word, value in written.items():
        yield f"{word.replace('_', ' ')} {_flat(value)}"


def _flat(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{str(name).replace('_', ' ')} {_flat(each)}" for name, each in value.items())
        case list() | tuple():
            return _any_of([*map(_flat, value)])
        case _:
            return str(value)


def _any_of(words: Sequence[str]) -> str:
    more = len(words) - _MOST
    shown = words if more <= 1 else (*words[:_MOST], f"{more} more")
    return " or ".join(shown)

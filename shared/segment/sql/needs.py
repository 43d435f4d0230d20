"""Which columns of facts a definition carries from table to table; all others stay in the files."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from shared.segment.pattern import ResourcePattern
from shared.segment.picks import Pick
from shared.segment.values import ValuePattern

_ALWAYS = ("fact", "start", "stop")
_NUMBER = ("number", "unit", "value_text")
_RANKS = {"latest": "recent", "earliest": "senior", "latest_end": "recent_end", "earliest_end": "senior_end"}


def needed(definition: BaseModel) -> tuple[str, ...]:
    """Return the columns, those that every pattern needs first."""
    found = (column for pattern in _patterns(definition) for column in _of(pattern))
    return tuple(dict.fromkeys((*_ALWAYS, *found)))


def _patterns(node: object) -> Iterator[ResourcePattern]:
    """Yield every pattern in a definition, however deep."""
    if isinstance(node, ResourcePattern):
        yield node
    if isinstance(node, BaseModel):
        for _, value in node:
            yield from _patterns(value)
    elif isinstance(node, tuple | dict):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _patterns(item)


def _picked(pick: Pick) -> Iterator[str]:
    measured = pick.highest or pick.lowest
    if measured:
        yield "recent"
        yield from _NUMBER if measured == "value" else ("components",)
    elif pick.word in _RANKS:
        yield _RANKS[pick.word]


def _judged(value: ValuePattern) -> tuple[str, ...]:
    return _NUMBER if value.thresholds else ("valued", "value_text", "value_codes")


def _of(pattern: ResourcePattern) -> Iterator[str]:
    later = pattern.type is None
    if pattern.which is not None:
        yield from (column for pick in pattern.which.steps for column in _picked(pick))
    if pattern.which is not None or later:
        yield from _judged(pattern.value) if pattern.value else ()
        yield from ("components",) if pattern.component else ()
    if later:
        yield from ("codes", "title") if pattern.chooses else ()
        yield from ("status",) if pattern.status else ()
    if later and (pattern.attributes or pattern.elements):
        yield "attributes"
    if pattern.link or (pattern.when and pattern.when.recorded):
        yield "attributes"
    if pattern.covered_days or pattern.total_time or (pattern.when and pattern.when.overlaps):
        yield from ("type", "status")
    if pattern.linked_by:
        yield from ("type", "id")

"""What a definition becomes: steps that make temporary tables, and the question who is a member.

SQL filters, joins and ranks; what the calendar, a time zone or UCUM say is never said again in SQL. Where it
depends on `now` alone it is a constant of the text; where it depends on rows, an `Answers` step has Python
answer for each distinct value, by the very functions that evaluate one patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from shared.fhir.instants import Instant
from shared.segment.columns import Snapshot
from shared.segment.criterion import Context
from shared.segment.definition import SegmentDefinition


@dataclass(frozen=True, slots=True)
class Table:
    """A temporary table made by a SELECT."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Answers:
    """A temporary table x0, x1…, y0, y1…: for each row of `question`, what `function` answers to it.

    The question has columns of the types `asked`; each row comes once and is never NULL.
    """

    name: str
    question: str
    asked: tuple[str, ...]
    answered: tuple[str, ...]
    function: Callable[..., tuple[Any, ...]]


type Step = Table | Answers


@dataclass(frozen=True, slots=True)
class Query:
    """Steps to be made in order, and then a SELECT of one column `patient`: the members, each once."""

    steps: tuple[Step, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Env:
    """The rows that a pattern is looked at from: everybody, or the resources that it lies inside of."""

    table: str = ""
    depth: int = 0
    names: Mapping[str, int] = field(default_factory=dict)
    """At which depth the resource of a name is; its columns begin with e0_, e1_…"""

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns that tell rows apart."""
        return ("patient", *(f"e{depth}_fact" for depth in range(self.depth)))


@dataclass(frozen=True, slots=True)
class Build:
    """What making SQL needs, and what it has made so far."""

    context: Context
    zone: tzinfo
    """The organisation's."""
    now: Instant
    snapshot: Snapshot
    """What is in the columns: units, time zones."""
    definitions: Mapping[str, SegmentDefinition]
    """Those that `member_of` may name, by url."""
    columns: tuple[str, ...]
    """What is carried of facts from table to table."""
    steps: list[Step]
    members: dict[str, str]
    """The tables of other segments that are made, by url."""
    matches: Mapping[str, str] = field(default_factory=dict)
    """The tables of named matches."""

    def inside(self, path: str) -> Build:
        """Step into a part of the definition, for what a Problem says."""
        return replace(self, context=self.context.inside(path))

    def table(self, text: str) -> str:
        """Make a temporary table; its name."""
        name = f"t{len(self.steps)}"
        self.steps.append(Table(name, text))
        return name

    def answers(
        self,
        question: str,
        asked: tuple[str, ...],
        answered: tuple[str, ...],
        function: Callable[..., tuple[Any, ...]],
    ) -> str:
        """Make a table of answers; its name."""
        name = f"t{len(self.steps)}"
        self.steps.append(Answers(name, question, asked, answered, function))
        return name

"""Graph: the steps of a journey and the ways between them, in words; what is drawn and what is listed.

First in the flow of diagrams: graph → layers → order → place → channel → svg.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import Struct

from shared.journey.definition import JourneyDefinition
from shared.journey.outline import entry
from shared.journey.steps.base import StepModel
from shared.journey.steps.branch import BranchStep
from shared.journey.steps.split import SplitStep
from shared.journey.steps.survey import SurveyStep
from shared.journey.steps.wait_for import WaitForStep
from shared.journey.words import condition, happening, length

ENTRY = "@entry"
"""Key of the node that stands for getting in. Ids of steps never begin with @."""
OVER = "@over:"
"""Begins the key of the node that stands for the end of the list, reached from the step named after it."""


class Node(Struct, frozen=True):
    """One box."""

    key: str
    kind: str
    """That of the step; "entry", "over"."""
    heading: str
    detail: str = ""

    @property
    def step(self) -> str:
        """Return the id of the step, "" where it is none."""
        return "" if self.key.startswith("@") else self.key


class Edge(Struct, frozen=True):
    """One way from a step to another; two ways between the same steps are two edges."""

    source: str
    target: str
    label: str = ""
    """When it is taken; "" where there is no other."""
    field: str = ""
    """What of the step names it: "cases[1].next"; "" for the next in the list."""


class Graph(Struct, frozen=True):
    """What is drawn: the entry, all steps in the author's order, and where the list is at its end."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(journey: JourneyDefinition) -> Graph:
    """Return the boxes and the ways between them."""
    following = {step.id: after.id for step, after in pairwise(journey.steps)}
    edges = [Edge(ENTRY, journey.steps[0].id)]
    for step in journey.steps:
        edges += ways(step, following.get(step.id, ""))
    over = (Node(edge.target, "over", "Complete") for edge in edges if edge.target.startswith(OVER))
    steps = (_node(step) for step in journey.steps)
    how = entry(journey.trigger)
    first = Node(ENTRY, "entry", how[:1].upper() + how[1:])
    return Graph(tuple({node.key: node for node in (first, *steps, *over)}.values()), tuple(edges))


def ways(step: StepModel, following: str) -> tuple[Edge, ...]:
    """Return the ways out of a step; `following` is the next in the list, "" after the last."""
    found = [
        Edge(step.id, target, _label(step, field), field)
        for field, target in sorted(step.mentions().items(), key=lambda pair: _rank(pair[0]))
    ]
    if step.falls_through and not any(edge.field in _DEFAULTS for edge in found):
        found.append(Edge(step.id, following or f"{OVER}{step.id}", _label(step, _default(step))))
    if getattr(step, "if_past", "") == "exit":
        found.append(Edge(step.id, f"{OVER}{step.id}:past", "already past", "if_past"))
    alone = len(found) == 1
    return tuple(_labelled(edge, step, alone) for edge in found)


_DEFAULTS = ("next", "otherwise", "timed_out")
"""Fields without which the next in the list follows."""


def _default(step: StepModel) -> str:
    return next((name for name in _DEFAULTS if name in step.links), "next")


def _rank(field: str) -> bool:
    """Put what is done otherwise behind what is done first; cases stay in order."""
    return field in _DEFAULTS and field != "next"


def _labelled(edge: Edge, step: StepModel, alone: bool) -> Edge:
    """Leave out what goes without saying, and say what does not: one of several ways always says when."""
    label = edge.label
    if alone and edge.field in ("", *_DEFAULTS):
        label = ""
    elif not label and not alone:
        label = "when it is time" if kind(step) == "wait" else "then"
    return Edge(edge.source, edge.target, label, edge.field)


def kind(step: StepModel) -> str:
    """Return the word by which authors choose this sort of step."""
    return str(getattr(step, "kind", ""))


def _node(step: StepModel) -> Node:
    summary = step.summary()
    if not step.title or step.title in summary:
        return Node(step.id, kind(step), summary)
    return Node(step.id, kind(step), step.title, summary)


def _label(step: StepModel, field: str) -> str:
    if isinstance(step, SurveyStep):
        alone = field == "timed_out" and step.by == "link"
        return "no answer in time" if alone else _SURVEYED[field]
    if field == "timed_out" and isinstance(step, WaitForStep) and step.timeout:
        return f"nothing within {length(step.timeout)}"
    if field in _FIELDS:
        return _FIELDS[field]
    listed = dict(_listed(step))
    return listed[field] if field in listed else field.replace("_", " ")


_FIELDS: Mapping[str, str] = {
    "next": "",
    "otherwise": "otherwise",
    "timed_out": "nothing in time",
    "skip_to": "already past",
    "if_moved": "if it moves",
    "refused": "not possible any more",
}


_SURVEYED: Mapping[str, str] = {
    "next": "answered",
    "timed_out": "no answer, or unclear twice",
    "declined": "would rather not",
    "unreached": "did not arrive",
}


def _listed(step: StepModel) -> Iterator[tuple[str, str]]:
    """Say the ways that a step lists, by field."""
    if isinstance(step, BranchStep):
        yield from ((f"cases[{n}].next", condition(case.when)) for n, case in enumerate(step.cases))
    elif isinstance(step, WaitForStep):
        for n, case in enumerate(step.cases):
            named = f" ({case.name})" if case.name else ""
            yield f"cases[{n}].next", happening(case.when) + named
    elif isinstance(step, SplitStep):
        whole = sum(way.weight for way in step.ways)
        for n, way in enumerate(step.ways):
            yield f"ways[{n}].next", f"{way.name} {way.weight / whole:.0%}"

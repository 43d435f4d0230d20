"""Mistakes in a journey that only show when its steps are seen together.

Undefined and doubled step ids, steps nobody reaches, loops that never wait, focus used where there is none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from shared.errors import Problem
from shared.journey.steps.base import StepModel
from shared.journey.steps.branch import BranchStep
from shared.journey.steps.wait import Anchor, WaitStep


def followers(steps: Sequence[StepModel]) -> dict[str, str]:
    """Return, by step id, the id of the step that follows it; "" where the journey ends there."""
    ids = [step.id for step in steps] + [""]
    explicit = {step.id: getattr(step, "next", None) or getattr(step, "otherwise", None) for step in steps}
    return {step.id: explicit[step.id] or ids[n + 1] for n, step in enumerate(steps)}


def check_steps(
    steps: Sequence[StepModel],
    where: str,
    *,
    anchored_focus: bool,
    segment_trigger: bool,
    leaves: bool,
    per_focus: bool,
) -> tuple[Problem, ...]:
    """Return every mistake; `where` names the file."""
    known = {step.id for step in steps}
    first = [*_doubled(steps, where), *_undefined(steps, known, where)]
    if not first:
        first = [*_unreachable(steps, where), *_spinning(steps, where)]
    if not anchored_focus:
        first += _needs_focus(steps, where)
        if per_focus:
            first.append(Problem(f"{where}: re_entry", "a segment has no focus", "never or after-exit"))
    if leaves and not segment_trigger:
        first.append(
            Problem(f"{where}: exit_when.segment_left", "there is no segment to leave", "segment_entered")
        )
    return tuple(first)


def _doubled(steps: Sequence[StepModel], where: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for n, step in enumerate(steps):
        if step.id in seen:
            yield Problem(
                f"{where}: steps[{n}].id", f"{step.id} is also steps[{seen[step.id]}]", "one of each"
            )
        seen.setdefault(step.id, n)


def _undefined(steps: Sequence[StepModel], known: set[str], where: str) -> Iterator[Problem]:
    for n, step in enumerate(steps):
        for field, target in step.mentions().items():
            if target not in known:
                wanted = f"one of {', '.join(sorted(known))}"
                yield Problem(f"{where}: steps[{n}].{field}", f"there is no step {target}", wanted)


def _unreachable(steps: Sequence[StepModel], where: str) -> Iterator[Problem]:
    following = followers(steps)
    ways = {
        step.id: {*step.mentions().values(), *((following[step.id],) if step.falls_through else ())}
        for step in steps
    }
    reached, ahead = {steps[0].id}, deque([steps[0].id])
    while ahead:
        new = ways.get(ahead.popleft(), set()) - reached - {""}
        reached |= new
        ahead.extend(new)
    for n, step in enumerate(steps):
        if step.id not in reached:
            yield Problem(f"{where}: steps[{n}]", f"{step.id} cannot be reached", "a step that leads to it")


def _spinning(steps: Sequence[StepModel], where: str) -> Iterator[Problem]:
    following = followers(steps)
    ways: Mapping[str, frozenset[str]] = {step.id: step.onward(following[step.id]) for step in steps}
    try:
        TopologicalSorter(ways).prepare()
    except CycleError as cycle:
        path = " → ".join(reversed(cycle.args[1]))
        yield Problem(f"{where}: steps", f"{path} goes round without waiting", "a wait with a duration in it")


def _needs_focus(steps: Sequence[StepModel], where: str) -> Iterator[Problem]:
    for n, step in enumerate(steps):
        if isinstance(step, WaitStep) and isinstance(step.until, Anchor):
            yield Problem(f"{where}: steps[{n}].until.anchor", "there is no focus", "a fhir_change trigger")
        if isinstance(step, BranchStep) and any(case.when.focus_status for case in step.cases):
            yield Problem(f"{where}: steps[{n}].cases", "there is no focus", "a fhir_change trigger")

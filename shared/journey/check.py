"""Mistakes in a journey that only show when its steps are seen together.

Undefined and doubled step ids, steps nobody reaches, loops that never wait, focus used where there is none,
results and messages asked of steps that have none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from msgspec import Struct

from shared.errors import Problem
from shared.journey.happening import Happening
from shared.journey.resources.quoting import FOCUS
from shared.journey.steps.base import StepModel
from shared.journey.steps.branch import BranchStep, When
from shared.journey.steps.send import SendStep
from shared.journey.steps.split import SplitStep
from shared.journey.steps.survey import SurveyStep
from shared.journey.steps.wait_for import MOVED, TIMED_OUT, WaitForStep
from shared.journey.survey.dialogue import ENDS


class Frame(Struct, frozen=True):
    """What a journey says beside its steps, as far as the steps must fit it."""

    has_focus: bool
    """Enrolments hang on a resource, or may."""
    segment: bool
    """The trigger means the members of a segment."""
    leaves: bool = False
    """exit_when.segment_left"""
    per_focus: bool = False
    has_goal: bool = False
    happenings: tuple[tuple[str, Happening], ...] = ()
    """What ends it, and its goal, each with its path."""
    renamed: Mapping[str, str] = MappingProxyType({})
    """on_publish.steps"""


_FOLLOWING = ("next", "otherwise", "timed_out")
"""Fields by which a step names what follows it."""


def followers(steps: Sequence[StepModel]) -> dict[str, str]:
    """Return, by step id, the id of the step that follows it; "" where the journey ends there."""
    ids = [step.id for step in steps] + [""]
    explicit = {
        step.id: next(filter(None, (getattr(step, name, None) for name in _FOLLOWING)), None)
        for step in steps
    }
    return {step.id: explicit[step.id] or ids[n + 1] for n, step in enumerate(steps)}


def check_steps(steps: Sequence[StepModel], where: str, frame: Frame) -> tuple[Problem, ...]:
    """Return every mistake; `where` names the file."""
    known = {step.id for step in steps}
    first = [*_doubled(steps, where), *_undefined(steps, known, where)]
    if not first:
        first = [*_unreachable(steps, where), *_spinning(steps, where)]
    return (
        *first,
        *_asked(steps, where, frame),
        *_quoted(steps, where, frame),
        *_unfit(steps, where, frame),
    )


def _unfit(steps: Sequence[StepModel], where: str, frame: Frame) -> Iterator[Problem]:
    if not frame.has_focus:
        yield from _needs_focus(steps, where)
        for path, happening in frame.happenings:
            if happening.focus_status:
                yield Problem(f"{where}: {path}.focus_status", "there is no focus", "a fhir_change trigger")
        if frame.per_focus:
            yield Problem(f"{where}: re_entry", "there is no focus", "never or after-exit")
    if frame.leaves and not frame.segment:
        yield Problem(f"{where}: exit_when.segment_left", "there is no segment to leave", "segment_entered")
    known = [step.id for step in steps]
    for old, new in frame.renamed.items():
        if new not in known:
            told, wanted = f"there is no step {new}", f"one of {', '.join(known)}"
            yield Problem(f"{where}: on_publish.steps.{old}", told, wanted)
    for n, step in enumerate(steps):
        if isinstance(step, SplitStep) and step.winner and not frame.has_goal:
            yield Problem(f"{where}: steps[{n}].winner", "there is no goal to win by", "goal")


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
    reached = _reached(steps, {steps[0].id})
    for n, step in enumerate(steps):
        if step.id not in reached:
            yield Problem(f"{where}: steps[{n}]", f"{step.id} cannot be reached", "a step that leads to it")


def _reached(steps: Sequence[StepModel], first: Collection[str]) -> set[str]:
    """Return the steps that these lead to, themselves among them."""
    following = followers(steps)
    ways = {
        step.id: {*step.mentions().values(), *((following[step.id],) if step.falls_through else ())}
        for step in steps
    }
    reached, ahead = set(first), deque(first)
    while ahead:
        new = ways.get(ahead.popleft(), set()) - reached - {""}
        reached |= new
        ahead.extend(new)
    return reached


def aftermath(steps: Sequence[StepModel], cancelling: Collection[str]) -> frozenset[str]:
    """Return the steps that cancel the focus and what follows once they have, not where they are refused."""
    following = followers(steps)
    after = {following[step_id] for step_id in cancelling} - {""}
    return frozenset({*cancelling, *_reached(steps, after)} if cancelling else ())


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
        if step.needs_focus:
            anchored, listed = getattr(step, "until", None), getattr(step, "cases", None)
            path = "until.anchor" if anchored else "cases" if listed else "kind"
            yield Problem(f"{where}: steps[{n}].{path}", "there is no focus", "a fhir_change trigger")


def _asked(steps: Sequence[StepModel], where: str, frame: Frame) -> Iterator[Problem]:
    """Find what is asked of steps that are not there, or of which it cannot be asked."""
    by_id = {step.id: step for step in steps}
    for path, happening in _happenings(steps, frame):
        if happening.message and not isinstance(by_id.get(happening.message.step), SendStep):
            yield Problem(
                f"{where}: {path}.message.step", f"{happening.message.step} sends nothing", "a send step"
            )
    for path, when in _whens(steps):
        if when.message and not isinstance(by_id.get(when.message.step), SendStep):
            yield Problem(
                f"{where}: {path}.message.step", f"{when.message.step} sends nothing", "a send step"
            )
        if when.result:
            yield from _result(by_id.get(when.result.step), when.result.step, when.result.was, where, path)


def _result(
    step: StepModel | None, name: str, wanted: Sequence[str], where: str, path: str
) -> Iterator[Problem]:
    possible = results(step)
    if isinstance(step, SurveyStep):  # what its score is called the questionnaire says: shared.naming looks
        return
    if not possible:
        yield Problem(
            f"{where}: {path}.result.step", f"{name} has no result", "a wait_for, survey or split step"
        )
    for each in wanted if possible else ():
        if each not in possible:
            yield Problem(
                f"{where}: {path}.result.is", f"{name} never comes to {each}", f"one of {', '.join(possible)}"
            )


def _quoted(steps: Sequence[StepModel], where: str, frame: Frame) -> Iterator[Problem]:
    """Find what texts quote that is not there to be quoted."""
    by_id = {step.id: step for step in steps}
    for n, step in enumerate(steps):
        for name in sorted(step.quoted):
            if name == FOCUS and not frame.has_focus:
                yield Problem(f"{where}: steps[{n}]", "{focus} is quoted, and there is no focus")
            elif name != FOCUS and not results(by_id.get(name)):
                told = f"{{{name}}} is quoted, which is no step that comes to something"
                yield Problem(f"{where}: steps[{n}]", told, "a wait_for, survey or split step")


def results(step: StepModel | None) -> tuple[str, ...]:
    """Return what may come of a step; of a survey besides, what its score is called."""
    if isinstance(step, SurveyStep):
        return ENDS
    if isinstance(step, WaitForStep):
        named = dict.fromkeys(case.name or case.when.kind for case in step.cases)
        return (*named, TIMED_OUT, *((MOVED,) if step.if_moved else ()))
    return tuple(way.name for way in step.ways) if isinstance(step, SplitStep) else ()


def _happenings(steps: Sequence[StepModel], frame: Frame) -> Iterator[tuple[str, Happening]]:
    yield from frame.happenings
    for n, step in enumerate(steps):
        if isinstance(step, WaitForStep):
            yield from ((f"steps[{n}].cases[{m}].when", case.when) for m, case in enumerate(step.cases))


def _whens(steps: Sequence[StepModel]) -> Iterator[tuple[str, When]]:
    for n, step in enumerate(steps):
        if isinstance(step, BranchStep):
            yield from ((f"steps[{n}].cases[{m}].when", case.when) for m, case in enumerate(step.cases))

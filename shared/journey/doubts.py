"""Doubts: what a journey may say, but hardly means; told to its author beside the mistakes.

Beside the flow: a definition that is sound → doubts → `hearthline journey check`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from shared.errors import Problem
from shared.fhir.canonical import split_canonical
from shared.fhir.instants import Instant, parse_instant
from shared.journey.definition import JourneyDefinition
from shared.journey.diagram.graph import OVER, ways
from shared.journey.steps.exit import ExitStep
from shared.journey.steps.send import SendStep
from shared.journey.steps.split import HOLDOUT, SplitStep
from shared.journey.steps.survey import SurveyStep
from shared.journey.steps.wait import WaitStep
from shared.journey.steps.wait_for import WaitForStep

type Written = Mapping[str, Collection[str]]
"""The channels that templates are written for, by url and by "url|version"; all that are known."""


def doubts(journey: JourneyDefinition, where: str, now: Instant, written: Written) -> tuple[Problem, ...]:
    """Return what is doubtful as of `now`; `where` names the file."""
    found = (*_past(journey, now), *_endless(journey), *_unwritten(journey, written), *_told(journey))
    return tuple(Problem(f"{where}: {path}", what, wanted) for path, what, wanted in found)


type _Doubt = tuple[str, str, str]


def _past(journey: JourneyDefinition, now: Instant) -> Iterator[_Doubt]:
    for path, text, what in _instants(journey):
        if text is not None and parse_instant(text) <= now:
            yield path, f"{text} is past already: {what}", "an instant to come"


def _instants(journey: JourneyDefinition) -> Iterator[tuple[str, str | None, str]]:
    """Walk all instants that are written out, each with what follows when it is past."""
    if journey.entry_window:
        yield "entry_window.until", journey.entry_window.until, "nobody gets in any more"
    yield "exit_when.until", journey.exit_when.until, "everybody leaves at once"
    for n, step in enumerate(journey.steps):
        if isinstance(step, WaitStep | WaitForStep) and isinstance(step.until, str):
            yield f"steps[{n}].until", step.until, "nobody waits here"
        if isinstance(step, SplitStep) and step.winner:
            yield f"steps[{n}].winner.at", step.winner.at, "the test is over before it begins"


def _endless(journey: JourneyDefinition) -> Iterator[_Doubt]:
    """Find the first step from which nobody ever comes out, where nothing else takes them out either."""
    exits = journey.exit_when
    others = (exits.any_of, exits.after, exits.until, exits.segment_left, exits.opted_out, journey.goal)
    if any(others):
        return
    before: dict[str, list[str]] = defaultdict(list)
    following = {step.id: after.id for step, after in pairwise(journey.steps)}
    over = [step.id for step in journey.steps if isinstance(step, ExitStep)]
    for step in journey.steps:
        for way in ways(step, following.get(step.id, "")):
            if way.target.startswith(OVER):
                over.append(step.id)
            before[way.target].append(step.id)
    out, ahead = set(over), over
    while ahead:
        new = set(before[ahead.pop()]) - out
        out |= new
        ahead.extend(new)
    for n, step in enumerate(journey.steps):
        if step.id not in out:
            yield f"steps[{n}]", f"from {step.id} nobody ever comes out", "an exit, a goal, or exit_when"
            return


def _unwritten(journey: JourneyDefinition, written: Written) -> Iterator[_Doubt]:
    for n, step in enumerate(journey.steps):
        if not isinstance(step, SendStep | SurveyStep) or step.template not in written:
            continue
        there = written[step.template]
        for channel in step.channels:
            if channel not in there:
                name = split_canonical(step.template)[0].rpartition("/")[2]
                yield f"steps[{n}].channels", f"{name} is not written for {channel}", f"{', '.join(there)}"


def _told(journey: JourneyDefinition) -> Iterator[_Doubt]:
    sends = {step.id for step in journey.steps if isinstance(step, SendStep | SurveyStep)}
    for n, step in enumerate(journey.steps):
        for m, way in enumerate(step.ways if isinstance(step, SplitStep) else ()):
            if way.name == HOLDOUT and way.next in sends:
                yield f"steps[{n}].ways[{m}]", "the holdout is sent something", "a way without messages"

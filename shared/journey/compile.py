"""From a checked definition to a journey that runs: steps by id, ready functions, no model left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType

from msgspec import Struct

from shared.fhir.calendar import Duration, parse_duration
from shared.fhir.instants import parse_instant
from shared.fhir.lens import EMPTY, Lens
from shared.journey.audience import Admission, admission_of
from shared.journey.change import FhirChange
from shared.journey.check import aftermath, followers
from shared.journey.contest import Contest
from shared.journey.definition import JourneyDefinition
from shared.journey.exits import Exits
from shared.journey.gate import GATE, gate_step
from shared.journey.happening import any_of
from shared.journey.pace import Pace
from shared.journey.publication import OnPublish
from shared.journey.schedule import SCHEDULED, Schedule, schedule_of, scheduled_step
from shared.journey.steps.base import NO_CRITERIA, CompiledStep, Criteria, Setting
from shared.journey.steps.send import SendStep
from shared.journey.steps.split import HOLDOUT, SplitStep
from shared.journey.steps.survey import SurveyStep
from shared.journey.survey.questionnaire import Questionnaire
from shared.journey.trigger import Trigger
from shared.journey.uses import conditions

_NONE: Mapping[str, str] = MappingProxyType({})
_NO_QUESTIONNAIRES: Mapping[str, Questionnaire] = MappingProxyType({})


class CompiledJourney(Struct, frozen=True):
    """One version of a journey, ready to run."""

    url: str
    version: str
    canonical: str
    title: str
    first: str
    """Id of the step that an enrolment starts at; of the gate, where there is one."""
    steps: Mapping[str, CompiledStep]
    trigger: Trigger
    admission: Admission = Admission()
    exits: Exits = Exits()
    schedule: Schedule | None = None
    every: Duration | None = None
    """How long after a patient entered they enter again, while they are in the segment of the trigger."""
    on_publish: OnPublish = OnPublish()
    limits: Pace | None = None
    lens: Lens = EMPTY
    """What its conditions ask of resources when they arrive."""
    contests: tuple[Contest, ...] = ()
    """Its splits of which one way is to win."""
    zone: tzinfo = UTC
    """The organisation's."""
    published_in: int = 0
    """Number of the publication in which it came; 0 where nobody says."""
    aftermath: frozenset[str] = frozenset()
    """Ids of the steps that cancel the focus, and of what follows them: its end is not theirs."""

    @property
    def change(self) -> FhirChange | None:
        """Return the change that is its trigger, if one is."""
        return self.trigger.fhir_change

    @property
    def repeats(self) -> bool:
        """Say whether a patient who entered is expected again, by itself."""
        return self.trigger.date is not None or self.every is not None

    @property
    def segment(self) -> str:
        """Return the url of the segment whose members it is for, or ""."""
        return self.trigger.segment


def compile_journey(
    definition: JourneyDefinition,
    zone: tzinfo,
    criteria: Criteria = NO_CRITERIA,
    winners: Mapping[str, str] = _NONE,
    published_in: int = 0,
    questionnaires: Mapping[str, Questionnaire] = _NO_QUESTIONNAIRES,
) -> CompiledJourney:
    """Make a journey ready to run.

    `zone` is the organisation's; `criteria` the compiled criteria in its branches, by their paths;
    `winners` the way that everybody takes, by split step; `questionnaires` see Setting.
    """
    trigger, member = definition.trigger, definition.trigger.segment_member
    first = GATE if definition.limits is not None else definition.steps[0].id
    schedule = schedule_of(trigger, zone)
    steps = _steps(definition, zone, criteria, winners, questionnaires)
    steps[SCHEDULED] = scheduled_step(schedule, first, zone)
    return CompiledJourney(
        url=definition.url,
        version=definition.version,
        canonical=definition.canonical,
        title=definition.title,
        first=first,
        steps=MappingProxyType(steps),
        trigger=trigger,
        admission=admission_of(definition.audience, definition.entry_window, definition.re_entry, zone),
        exits=_exits(definition, zone),
        schedule=schedule,
        every=parse_duration(member.every) if member and member.every else None,
        on_publish=definition.on_publish,
        limits=definition.limits,
        lens=_lens(definition),
        contests=tuple(_contests(definition)),
        zone=zone,
        published_in=published_in,
        aftermath=aftermath(definition.steps, {step_id for step_id, step in steps.items() if step.cancels}),
    )


def _steps(
    definition: JourneyDefinition,
    zone: tzinfo,
    criteria: Criteria,
    winners: Mapping[str, str],
    questionnaires: Mapping[str, Questionnaire],
) -> dict[str, CompiledStep]:
    following = followers(definition.steps)
    steps = {
        step.id: step.prepare(
            Setting(
                following[step.id],
                zone,
                definition.canonical,
                f"steps[{n}]",
                criteria,
                winners.get(step.id, ""),
                questionnaires,
            )
        )
        for n, step in enumerate(definition.steps)
    }
    return {**steps, GATE: gate_step(definition.steps[0].id)}


def _exits(definition: JourneyDefinition, zone: tzinfo) -> Exits:
    rules, goal = definition.exit_when, definition.goal
    sending = (step for step in definition.steps if isinstance(step, SendStep | SurveyStep))
    channels = {channel for step in sending for channel in step.channels}
    return Exits(
        leaving=definition.trigger.segment if rules.segment_left else "",
        test=any_of(rules.any_of),
        goal=any_of(goal.any_of) if goal else None,
        goal_title=goal.title if goal else "",
        after=parse_duration(rules.after) if rules.after else None,
        until=parse_instant(rules.until) if rules.until else None,
        channels=frozenset(channels) if rules.opted_out else frozenset(),
        asks=any(each.answer for each in (*rules.any_of, *(goal.any_of if goal else ()))),
        zone=zone,
    )


def _contests(definition: JourneyDefinition) -> Iterator[Contest]:
    for step in definition.steps:
        if isinstance(step, SplitStep) and step.winner is not None:
            ways = tuple(way.name for way in step.ways if way.name != HOLDOUT)
            at = parse_instant(step.winner.at) if step.winner.at else None
            yield Contest(step.id, ways, step.winner.after, at)


def _lens(definition: JourneyDefinition) -> Lens:
    filters: dict[str, frozenset[str]] = {}
    for change in conditions(definition):
        if change.condition is not None:
            filters[change.type] = filters.get(change.type, frozenset()) | {change.condition}
    return Lens(filters) if filters else EMPTY

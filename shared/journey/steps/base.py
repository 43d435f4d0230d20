"""What every step has in common: its model's base, what it may look at, and the ways it can go.

A step file holds a model (what authors write) whose `prepare` returns a function from `Standing` to
`Outcome`; shared.journey.advance does the rest and is the only one that changes an enrolment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Annotated, ClassVar

from msgspec import Struct
from pydantic import AfterValidator, Field

from shared.authoring import Authored
from shared.effects import OutboxEffect
from shared.fhir.calendar import Duration, first_zone, parse_clock, parse_duration
from shared.fhir.fact import Fact
from shared.fhir.instants import DAY, Instant
from shared.journey.happened import Happened
from shared.journey.survey.questionnaire import Questionnaire
from shared.patient.record import PatientRecord, identify
from shared.patient.state import Enrolment


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


StepId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Iso8601Duration = Annotated[str, _checked(parse_duration), Field(examples=["P3D", "PT2H", "-P1M"])]


def _bounded(text: str) -> str:
    length = parse_duration(text)
    if abs(length.months) > 1200 or abs(length.days) > 36_525 or abs(length.micros) > 36_525 * DAY:
        raise ValueError("longer than a hundred years")
    return text


BoundedDuration = Annotated[Iso8601Duration, AfterValidator(_bounded)]
"""A length of time that can be added to any instant of these centuries."""
ClockTime = Annotated[str, _checked(parse_clock), Field(examples=["09:00"])]
DefinitionUrl = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*:[^\s|]+$", max_length=500)]
CanonicalUrl = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*:[^\s|]+(\|[^\s|]+)?$", max_length=500)]


class Standing(Struct, frozen=True):
    """What a step may look at: all of it data, `now` included."""

    record: PatientRecord
    enrolment: Enrolment
    now: Instant

    @property
    def focus(self) -> Fact | None:
        """Return the resource that the enrolment hangs on, deleted or not."""
        return self.record.facts.get(self.enrolment.focus) if self.enrolment.focus else None

    def zone(self, organisation: tzinfo) -> tzinfo:
        """Return the patient's time zone where it is known, else the organisation's."""
        person = self.record.person
        return first_zone(person.attributes.get("time-zone", ()) if person else (), organisation)

    def identify(self, what: str) -> str:
        """Return the id of something that this step, taken this time, brings about: the same every time."""
        return identify(self.enrolment.enrolment_id, self.enrolment.sequence, what)


class Goes(Struct, frozen=True):
    """On to the step `to` ("" is the end of the journey), at once."""

    to: str
    why: str = ""
    sends: bool = False
    """Leaves an intent to send behind."""
    effects: tuple[OutboxEffect, ...] = ()
    """What is to be done outside, once this is committed."""
    result: str = ""
    """What came of the step, for steps that follow to ask: Enrolment.results."""
    starts: str = ""
    """Url of another journey to enter."""
    ends: str = ""
    """Url of another journey to leave."""


class Waits(Struct, frozen=True):
    """Stays at this step until `due`, or until it hears of something; None waits for that alone."""

    due: Instant | None
    why: str
    effects: tuple[OutboxEffect, ...] = ()


class Asks(Struct, frozen=True):
    """Has the patient asked something, and stays at this step until `due`, or until it hears of something.

    Each time counts as a step taken, so that each question is a message of its own.
    """

    due: Instant | None
    why: str
    values: dict[str, str] = {}
    """What the words of the message are told: SendIntent.values."""
    results: dict[str, str] = {}
    """What is remembered while the enrolment is at this step, by the step's id, a dot and a name."""
    answers: str = ""
    """Id of the reply that it answers: SendIntent.answers."""


class Ends(Struct, frozen=True):
    """Leaves the journey."""

    reason: str


type Outcome = Goes | Waits | Asks | Ends
type Run = Callable[[Standing], Outcome]
type Criteria = Mapping[str, Callable[[PatientRecord, Instant], str]]
"""By its path in the document, what says why a criterion holds for a patient, or ""."""

NO_CRITERIA: Criteria = MappingProxyType({})


class Setting(Struct, frozen=True):
    """What is known when a journey is compiled."""

    following: str
    """Id of the step that follows, "" at the end."""
    zone: tzinfo
    """The organisation's."""
    journey: str = ""
    """Canonical "url|version"."""
    path: str = ""
    """Where the step stands in the document: "steps[3]"."""
    criteria: Criteria = NO_CRITERIA
    winner: str = ""
    """The way that everybody takes from now on, where a test has come to its end."""
    questionnaires: Mapping[str, Questionnaire] = MappingProxyType({})
    """Those that are published, by url (the latest version) and by "url|version"."""


class CompiledStep(Struct, frozen=True):
    """A step ready to run."""

    step_id: str
    kind: str
    run: Run
    """On arrival. Raises AuthorFault."""
    woken: Run | None = None
    """When its due has come. Raises AuthorFault."""
    moved: Callable[[Standing], Outcome | None] | None = None
    """When what it hangs on changed: the new outcome, None where its due stays. Raises AuthorFault."""
    follows: frozenset[str] = frozenset()
    """Resource types, beside the focus, whose changes may move it."""
    heard: Callable[[Standing, Happened], Outcome | None] | None = None
    """When something happened while it waits: where it goes for that, None where it goes on waiting."""
    asks: bool = False
    """It waits for an answer of the patient."""
    template: str = ""
    channels: tuple[str, ...] = ()
    fallback: bool = False
    """What a channel is known not to have brought goes by the next."""
    to: str = "patient"
    """Whom it writes to: see `to` of a send step."""
    calls: str = ""
    """Name of the webhook in the settings that it calls."""
    stays: Run | None = None
    """For who stands here already, as after a move to a new version; where none is given, as on arrival."""
    questionnaire: Questionnaire | None = None
    """What it asks."""
    refused: Callable[[Standing], Outcome | None] | None = None
    """When what it asked for outside is refused while it waits for it: None puts the enrolment on hold."""
    cancels: bool = False
    """It cancels the focus itself."""


class StepModel(Authored):
    """What every step has."""

    id: StepId
    """Its name in this journey."""
    title: str = ""
    """What it is for, in words."""
    links: ClassVar[tuple[str, ...]] = ()
    """Fields that name another step."""
    falls_through: ClassVar[bool] = True
    """Whether the next step in the list follows where none is named."""

    def mentions(self) -> dict[str, str]:
        """Return the step ids that it names, by field path."""
        return {field: target for field in self.links if (target := getattr(self, field, None))}

    def summary(self) -> str:
        """Say what it does, in one short line."""
        raise NotImplementedError

    @property
    def needs_focus(self) -> bool:
        """Say whether it hangs on the enrolment's own resource."""
        return False

    @property
    def quoted(self) -> frozenset[str]:
        """Return what its texts quote: "focus", and ids of steps (shared.journey.resources.quoting)."""
        return frozenset()

    def onward(self, following: str) -> frozenset[str]:
        """Return the steps it can go to in the same instant; `following` is the one after it."""
        return frozenset({following})

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        raise NotImplementedError


def duration_of(text: str | None) -> Duration:
    """Parse a duration that was checked before; none is no time."""
    return parse_duration(text) if text else Duration()

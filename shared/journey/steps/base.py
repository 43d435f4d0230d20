"""What every step has in common: its model's base, what it may look at, and the three ways it can go.

A step file holds a model (what authors write) whose `prepare` returns a function from `Standing` to
`Outcome`; shared.journey.advance does the rest and is the only one that changes an enrolment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Annotated, ClassVar

from msgspec import Struct
from pydantic import AfterValidator, Field

from shared.authoring import Authored
from shared.fhir.calendar import Duration, parse_clock, parse_duration
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.record import PatientRecord
from shared.patient.state import Enrolment


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


StepId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Iso8601Duration = Annotated[str, _checked(parse_duration), Field(examples=["P3D", "PT2H", "-P1M"])]
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


class Goes(Struct, frozen=True):
    """On to the step `to` ("" is the end of the journey), at once."""

    to: str
    why: str = ""
    sends: bool = False
    """Leaves an intent to send behind."""


class Waits(Struct, frozen=True):
    """Stays at this step until `due`."""

    due: Instant
    why: str


class Ends(Struct, frozen=True):
    """Leaves the journey."""

    reason: str


type Outcome = Goes | Waits | Ends
type Run = Callable[[Standing], Outcome]


class Setting(Struct, frozen=True):
    """What is known when a journey is compiled: the id of the step that follows ("" at the end), the zone."""

    following: str
    zone: tzinfo


class CompiledStep(Struct, frozen=True):
    """A step ready to run."""

    step_id: str
    kind: str
    run: Run
    """On arrival. Raises AuthorFault."""
    after_wait: str = ""
    """Where a wait that is over goes on to."""
    moved: Callable[[Standing], Outcome | None] | None = None
    """When the focus changed: the new outcome of a wait, None where its due stays. Raises AuthorFault."""
    template: str = ""
    channels: tuple[str, ...] = ()


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

    def onward(self, following: str) -> frozenset[str]:
        """Return the steps it can go to in the same instant; `following` is the one after it."""
        return frozenset({following})

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""
        raise NotImplementedError


def duration_of(text: str | None) -> Duration:
    """Parse a duration that was checked before; none is no time."""
    return parse_duration(text) if text else Duration()

"""What a story is: acts at instants, and the messages that a person reading it would expect.

The expectations are written by hand beside the acts, so that they judge the product and do not repeat it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.fhir.instants import Instant

type Resource = dict[str, object]


@dataclass(frozen=True, slots=True)
class Write:
    """PUT a resource."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Remove:
    """DELETE a resource, "Type/id"."""

    reference: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The patient writes back."""

    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class Behave:
    """Event Grid behaves so from now on (sandbox/event_source/behaviour.py)."""

    behaviour: dict[str, float]


type Doing = Write | Remove | Reply | Behave


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens in the hospital, or at a patient's."""

    at: Instant
    text: str
    doing: tuple[Doing, ...]


@dataclass(frozen=True, slots=True)
class Expect:
    """A message that must arrive once, not before `at` and not much later."""

    patient_id: str
    template: str
    """Last part of the template's url."""
    at: Instant
    language: str = "en"
    channel: str = "sms"
    within: int = 0
    """Microseconds of further patience, for what only reconciliation can find."""


@dataclass(frozen=True, slots=True)
class Leave:
    """How a resource must stand on the FHIR server in the end."""

    reference: str
    elements: dict[str, str]
    """By name, its value: `status`; `answer` is the patient's participation in an appointment."""


@dataclass(slots=True)
class Story:
    """One patient's story."""

    title: str
    patient_id: str
    acts: list[Act] = field(default_factory=list)
    expects: list[Expect] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    """Codes of the tasks that staff must have got, where the story says so."""

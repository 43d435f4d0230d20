"""What a history is made of: phases in time, each with what is done to the world in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from shared.fhir.instants import Instant
from shared.fhir.references import ResourceKey

type Word = Literal["off", "on", "pause", "resume", "stop"]
"""What is done with a switch."""

type Style = Literal["event-grid", "cloud-events", "rest-hook", "subscription", "gap", "none"]
"""How the FHIR server tells of a change: "gap" takes a number of the subscription but never arrives, and of
"none" nobody says a word, so that only reconciliation finds it."""


@dataclass(frozen=True)
class Write:
    """A version of a resource is written."""

    resource: dict[str, Any]
    style: Style


@dataclass(frozen=True)
class Delete:
    """A resource is deleted."""

    key: ResourceKey
    style: Style


@dataclass(frozen=True)
class Replied:
    """Somebody writes to us."""

    inbound_id: str
    sender: str
    text: str


@dataclass(frozen=True)
class Publication:
    """A batch of definitions is published, and everyone is looked at."""

    batch: int


@dataclass(frozen=True)
class Switch:
    """Somebody switches a journey, or everything that sends; everyone is looked at."""

    what: Word
    url: str = ""


@dataclass(frozen=True)
class Told:
    """Another system says that something happened to a patient."""

    event_id: str
    name: str
    patient: str


@dataclass(frozen=True)
class Asked:
    """Staff pause or resume a patient in a journey, by its url."""

    patient: str
    action: Literal["pause", "resume"]
    journey: str


type Action = Write | Delete | Replied | Publication | Switch | Told | Asked


@dataclass(frozen=True)
class Phase:
    """What is done at an instant, in this order."""

    at: Instant
    actions: tuple[Action, ...]

"""Switches: what staff have switched off, as far as messages must heed it; asked by the guard of each send.

A message that is stopped so waits, and goes out when it may; shared.message.postpone lets it go at once then.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec import Struct

from shared.fhir.canonical import split_canonical
from shared.patient.record import PatientRecord
from shared.patient.state import Message

SWITCHED_OFF = "sending is switched off"
JOURNEY_PAUSED = "its journey is paused"
PATIENT_PAUSED = "the patient is paused in its journey"
PUT_OFF = frozenset({SWITCHED_OFF, JOURNEY_PAUSED, PATIENT_PAUSED})
"""Reasons that pass: who is put off for one of them waits, and is not lost."""


class Switches(Protocol):
    """What is switched; the controls of a catalogue are this."""

    @property
    def sending(self) -> bool:
        """Say whether anything may be handed to a channel."""
        ...

    @property
    def paused(self) -> Collection[str]:
        """Return the urls of journeys that stand still."""
        ...

    @property
    def stopped(self) -> Collection[str]:
        """Return the urls of journeys that everybody leaves."""
        ...


class Switched(Struct, frozen=True):
    """Switches by hand."""

    sending: bool = True
    paused: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()


ON = Switched()
"""Nothing is switched off."""


def why_waiting(record: PatientRecord, message: Message, switches: Switches) -> str:
    """Return why a message must wait until something is switched on again, or ""."""
    if not switches.sending:
        return SWITCHED_OFF
    if split_canonical(message.journey)[0] in switches.paused:
        return JOURNEY_PAUSED
    enrolment = record.enrolments.get(message.enrolment_id)
    return PATIENT_PAUSED if enrolment is not None and enrolment.held == "staff" else ""


def why_stopped(message: Message, switches: Switches) -> str:
    """Return why a message must never be sent, or ""."""
    return "its journey was stopped" if split_canonical(message.journey)[0] in switches.stopped else ""

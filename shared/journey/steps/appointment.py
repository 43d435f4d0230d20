"""The step that writes the patient's answer into the appointment that the enrolment hangs on.

It goes on once the FHIR server has taken the answer: nobody is told "cancelled" before it is so.
shared.usecases.answer_appointment carries it out.

Example: {id: confirm, kind: appointment, action: confirm, next: thank, refused: read-the-reply}
"""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.effects import AnswerAppointment
from shared.errors import AuthorFault
from shared.fhir.instants import Instant
from shared.journey.happened import CarriedOut, Happened
from shared.journey.steps.base import CompiledStep, Goes, Outcome, Setting, Standing, StepId, StepModel, Waits
from shared.patient.engagement import ENGAGEMENT, SYSTEM, TOLD_START, UNSURE
from shared.patient.state import Enrolment

type Action = Literal["confirm", "cancel", "reschedule"]

_SAID: dict[Action, str] = {
    "confirm": "confirming",
    "cancel": "cancelling",
    "reschedule": "asking for another time of",
}
_DONE: dict[Action, str] = {
    "confirm": "is confirmed",
    "cancel": "is cancelled",
    "reschedule": "is marked as needing another time",
}
_REFUSED = "refused"
"""The result of an answer that the appointment no longer takes."""


class AppointmentStep(StepModel):
    """Write the patient's answer into the appointment, and go on once that is done."""

    kind: Literal["appointment"]
    action: Action
    """What the patient wants: their participation accepted, the appointment cancelled, or their
    participation tentative, as they want another time."""
    next: StepId | None = None
    """The step that follows; the next in the list where none is named."""
    refused: StepId | None = None
    """Where to go when the appointment has moved since the patient was asked, or takes no answer any more;
    the enrolment is put on hold where none is named."""
    links: ClassVar[tuple[str, ...]] = ("next", "refused")

    @property
    def needs_focus(self) -> bool:
        """Say whether it hangs on the enrolment's own resource."""
        return True

    def onward(self, following: str) -> frozenset[str]:
        """Return where it goes in the same instant: nowhere, as the FHIR server is asked first."""
        return frozenset()

    def summary(self) -> str:
        """Say what it does."""
        return f"Write into the appointment: {self.action}"

    def prepare(self, setting: Setting) -> CompiledStep:
        """Make it ready to run."""

        def run(standing: Standing) -> Outcome:
            return self._ask(standing)

        def heard(standing: Standing, happened: Happened) -> Outcome | None:
            if not isinstance(happened, CarriedOut) or not _is_ours(standing.enrolment, happened):
                return None
            return Goes(
                setting.following, f"{standing.enrolment.focus} {_DONE[self.action]}", result=self.action
            )

        def refused(standing: Standing) -> Outcome | None:
            return Goes(self.refused, "", result=_REFUSED) if self.refused else None

        return CompiledStep(
            self.id,
            self.kind,
            run,
            woken=_too_late,
            heard=heard,
            refused=refused,
            cancels=self.action == "cancel",
        )

    def _ask(self, standing: Standing) -> Outcome:
        focus, enrolment = standing.focus, standing.enrolment
        if focus is None or focus.resource_type != "Appointment" or focus.start is None:
            raise AuthorFault("there is no appointment with a beginning to answer")
        effect = AnswerAppointment(
            appointment=enrolment.focus,
            action=self.action,
            start=told_start(standing) or focus.start,
            patient=f"Patient/{standing.record.patient_id}",
            enrolment_id=enrolment.enrolment_id,
            step=self.id,
            asked=standing.now,
        )
        due = focus.start if focus.start > standing.now else None
        return Waits(due, f"{_SAID[self.action]} {enrolment.focus}", (effect,))


def told_start(standing: Standing) -> Instant | None:
    """Return when the appointment was to begin as the enrolment last told the patient; None: never told.

    An appointment that began "never" is answered nowhere: 0 where that beginning is not known.
    """
    enrolment = standing.enrolment
    mine = f"{enrolment.enrolment_id}#"
    sent = [
        fact
        for fact in standing.record.facts.coded(ENGAGEMENT, f"{SYSTEM}|sent")
        if any(intent.startswith(mine) for intent in fact.attributes.get("intent", ()))
    ]
    last = max(sent, key=lambda fact: (fact.start or 0, fact.resource_id), default=None)
    told = last.attributes.get(TOLD_START, ()) if last is not None else ()
    if not told:
        return None
    return Instant(0) if told[0] == UNSURE else Instant(int(told[0]))


def _is_ours(enrolment: Enrolment, carried: CarriedOut) -> bool:
    effect = carried.effect
    if not isinstance(effect, AnswerAppointment):
        return False
    return (effect.enrolment_id, effect.step) == (enrolment.enrolment_id, enrolment.step)


def _too_late(standing: Standing) -> Outcome:
    raise AuthorFault(f"{standing.enrolment.focus} has begun before the answer could be written")

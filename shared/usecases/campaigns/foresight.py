"""What a campaign would mean for one patient: the real decide on the stored record, and nothing is written.

From the instant at which they would be asked on to their first message, or to why there is none.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import Catalogue
from shared.decide import decide_all
from shared.effects import SendMessage
from shared.events import EntryGranted, Event, SendDue, WakeupDue
from shared.fhir.instants import DAY, Instant
from shared.journey.campaign import CampaignDefinition
from shared.journey.campaign_moves import RunRef
from shared.journey.gate import GATE
from shared.patient.record import Decision, PatientRecord
from shared.patient.state import Enrolment
from shared.usecases.campaigns.entry import asked_for, brought_in, why_not_in

HORIZON = 120 * DAY
"""How long after they were asked a first message is looked for."""
_STEPS = 100

type Gate = Callable[[Instant], Instant | None]
"""Says when somebody who comes to the journey's gate now is let in."""


class Foreseen(Struct, frozen=True):
    """What would come of one patient's turn."""

    key: str
    patient: str = ""
    """The FHIR id."""
    at: Instant | None = None
    """When they would be asked; None where nobody can tell, or never."""
    why_not: str = ""
    """Why they are left out, or get no message."""
    message_at: Instant | None = None
    """When the first message would go."""
    channel: str = ""
    language: str = ""
    subject: str = ""
    text: str = ""

    @property
    def invited(self) -> bool:
        """Say whether a message would go to them."""
        return self.message_at is not None


def foresee(
    record: PatientRecord,
    catalogue: Catalogue,
    definition: CampaignDefinition,
    ref: RunRef,
    at: Instant,
    gate: Gate,
) -> Foreseen:
    """Say what would come of a patient's turn at an instant."""
    seen = Foreseen(record.key, record.patient_id, at)
    decision = decide_all(record, [asked_for(definition, ref)], catalogue, at)
    if not brought_in(decision.record, definition.journey, ref.run):
        return replace(seen, why_not=why_not_in(decision.record, catalogue, definition, at))
    return _Passage(catalogue, ref.run, gate, decision, at).first_message(seen)


class _Passage:
    """One patient's way through the journey in the mind."""

    def __init__(self, catalogue: Catalogue, run: str, gate: Gate, decision: Decision, now: Instant) -> None:
        self._catalogue = catalogue
        self._run = run
        self._gate = gate
        self._decision = decision
        self._now = now
        self._enrolment = self._held()

    def first_message(self, seen: Foreseen) -> Foreseen:
        """Go on to the first message, or to why there is none."""
        until = self._now + HORIZON
        for _ in range(_STEPS):
            if self._enrolment is None:
                return replace(seen, why_not=self._ended())
            if (sent := self._sent()) is not None:
                return _told(seen, sent, self._now)
            if (lost := self._lost()) is not None:
                return replace(seen, why_not=lost)
            following = self._following()
            if following is None or self._now > until:
                return replace(seen, why_not=self._waits())
            self._happens(following)
        return replace(seen, why_not="no message in so many steps")

    def _following(self) -> Event | None:
        """Return what happens next, having gone on to its instant; None where nothing does by itself."""
        held = self._held()
        if held is not None and held.step == GATE:
            let_in = self._gate(self._now)
            self._now = let_in or self._now
            return EntryGranted(held.enrolment_id) if let_in is not None else None
        mine = [m.due for m in self._record.messages.values() if self._is_mine(m.enrolment_id)]
        dues = [*mine, *([held.due] if held is not None and held.due is not None else [])]
        if not dues:
            return None
        self._now = max(min(dues), self._now)
        return WakeupDue(self._now)

    def _happens(self, event: Event) -> None:
        self._decision = decide_all(self._record, [event], self._catalogue, self._now)

    def _sent(self) -> SendMessage | None:
        """Return the first message that is ready, claimed as it would be."""
        for message in self._record.ready_messages(self._now):
            if self._is_mine(message.enrolment_id):
                self._decision = decide_all(
                    self._record, [SendDue(message.message_id, "preview")], self._catalogue, self._now
                )
                sends = (effect for effect in self._decision.effects if isinstance(effect, SendMessage))
                return next(sends, None)
        return None

    def _lost(self) -> str | None:
        """Return why the first message does not go, where it has come to its end unsent."""
        lost = (
            m for m in self._decision.messages if m.status == "not-done" and self._is_mine(m.enrolment_id)
        )
        return next((message.status_reason for message in lost), None)

    def _waits(self) -> str:
        held = self._held()
        if held is None:
            return self._ended()
        return held.reason if held.status == "on-hold" else f"waits at {held.step}, with no message before"

    def _ended(self) -> str:
        said = [line.text for line in self._decision.timeline if line.kind in ("journey", "fault")]
        return said[-1] if said else "the journey ends without a message"

    def _is_mine(self, enrolment_id: str) -> bool:
        return self._enrolment is not None and enrolment_id == self._enrolment.enrolment_id

    def _held(self) -> Enrolment | None:
        return next((e for e in self._record.enrolments.values() if e.cause == self._run), None)

    @property
    def _record(self) -> PatientRecord:
        return self._decision.record


def _told(seen: Foreseen, sent: SendMessage, now: Instant) -> Foreseen:
    return replace(
        seen,
        message_at=now,
        channel=sent.channel,
        language=sent.language,
        subject=sent.subject,
        text=sent.text,
    )

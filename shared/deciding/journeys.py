"""Journeys in a decision: what a sprint wants said becomes messages, what it wants done goes out."""

from __future__ import annotations

from shared.catalogue import Catalogue
from shared.deciding.outbox import intend, planned_in
from shared.fhir.instants import Instant
from shared.journey.advance import Sprint
from shared.message.plan import plan
from shared.patient.record import Decision


def sprinted(sprint: Sprint, catalogue: Catalogue, now: Instant) -> Decision:
    """Make messages of what journeys want to say, and outbox effects of what they want to do."""
    decision = Decision(sprint.record, timeline=sprint.timeline, messages=sprint.messages)
    for intent in sprint.intents:
        planned = plan(decision.record, intent, catalogue.templates, catalogue.policy, now)
        decision = planned_in(decision, planned)
    for done in sprint.effects:
        decision = intend(decision, done)
    return decision

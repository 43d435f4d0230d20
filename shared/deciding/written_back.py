"""Written back: what became of messages goes to the FHIR server, as a Communication of each."""

from __future__ import annotations

from shared.catalogue import Catalogue
from shared.deciding.outbox import intend
from shared.message.communication import write_back
from shared.patient.record import Decision


def written_back(decision: Decision, catalogue: Catalogue) -> Decision:
    """Have the Communication of every message that came to something written anew."""
    for message in decision.messages:
        template = catalogue.templates.get(message.template)
        title = template.title if template is not None else ""
        effect = write_back(decision.record, message, title, catalogue.policy)
        if effect is not None:
            decision = intend(decision, effect)
    return decision

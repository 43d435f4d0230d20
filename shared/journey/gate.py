"""The gate: where those wait who may enter a journey only so many at a time.

"@gate" asks for entry and waits, without an instant; shared.usecases.admission lets in first who came first.
"""

from __future__ import annotations

from shared.effects import AskEntry
from shared.fhir.canonical import split_canonical
from shared.journey.steps.base import CompiledStep, Goes, Outcome, Standing, Waits

GATE = "@gate"
GRANTED = "granted"


def gate_step(following: str) -> CompiledStep:
    """Make the step that waits to be let in."""

    def run(standing: Standing) -> Outcome:
        enrolment = standing.enrolment
        if enrolment.results.get(GATE) == GRANTED:
            return Goes(following)
        url, _ = split_canonical(enrolment.journey)
        asked = AskEntry(url, enrolment.enrolment_id, standing.now)
        return Waits(None, "asks to be let in", (asked,))

    return CompiledStep(GATE, "gate", run)

"""An enrolment's row in its journey's roster: how shared.journey and shared.deciding say who is inside."""

from __future__ import annotations

from shared.effects import IndexEnrolment
from shared.fhir.instants import Instant
from shared.patient.state import AGAIN, Enrolment


def roster_row(
    enrolment: Enrolment, order: int, ended: Instant | None = None, *, goal: bool = False
) -> IndexEnrolment:
    """Return the row; `order` is how many commits came before.

    Which message a step sent is not in it, nor what is remembered while somebody is at a step: that has a dot
    in its name.
    """
    results = enrolment.results.items()
    told = {
        step: came for step, came in results if not came.startswith("#") and step != AGAIN and "." not in step
    }
    return IndexEnrolment(
        enrolment.enrolment_id,
        enrolment.journey,
        enrolment.status,
        enrolment.entered,
        order,
        ended,
        goal,
        told,
        enrolment.step if enrolment.status == "on-hold" else "",
    )

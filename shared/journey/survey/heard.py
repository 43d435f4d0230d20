"""The engine's door for a survey that was filled in on its page."""

from __future__ import annotations

from shared.events import SurveyAnswered
from shared.fhir.instants import Instant
from shared.journey.finish import finished
from shared.journey.heed import heed
from shared.journey.index import Journeys
from shared.journey.sprint import Sprint
from shared.patient.record import PatientRecord


def on_survey(record: PatientRecord, event: SurveyAnswered, journeys: Journeys, now: Instant) -> Sprint:
    """Let the enrolment that asked go on; what is answered twice, too late or not whole changes nothing."""
    return finished(heed(Sprint(record), journeys, event, now), journeys, now)

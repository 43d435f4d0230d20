"""Tell the analytics log what a commit brought about; nothing of it keeps the rest from being done."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from shared.events import Event
from shared.patient.record import Decision, PatientRecord
from shared.redaction import told
from shared.telemetry import count
from shared.usecases.analytics.lines import happened
from shared.usecases.services import Services

logger = logging.getLogger("hearthline")


def tell_happened(
    services: Services, before: PatientRecord, events: Iterable[Event], decision: Decision
) -> None:
    """Tell it, where it is on. A mistake in here is logged: what is committed has still to be carried out."""
    if services.happened is None:
        return
    try:
        services.happened.tell(happened(before, events, decision))
    except Exception as bug:  # else claimed messages would become unknown, for the sake of figures
        logger.error("what happened could not be told: %s", told(bug))
        count("hearthline.failures", function="analytics", error=type(bug).__name__)

"""Communication (https://hl7.org/fhir/R4/communication.html): that something was said, not what."""

from __future__ import annotations

from datetime import tzinfo

from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import (
    Json,
    attributes,
    concept_title,
    concepts,
    patients,
    references,
    word,
    words,
)
from shared.fhir.projections.extensions import RECORDED, unnamed
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import UNKNOWN, moment

_ATTRIBUTES: Table = (
    ("category", "category", concepts),
    ("statusReason", "status-reason", concepts),
    ("priority", "priority", words),
    ("medium", "medium", concepts),
    ("topic", "topic", concepts),
    ("about", "about", references),
    ("encounter", "encounter", references),
    ("sender", "sender", references),
    ("recipient", "recipient", references),
    ("reasonCode", "reason", concepts),
    ("reasonReference", "reason", references),
    ("inResponseTo", "in-response-to", references),
    ("basedOn", "based-on", references),
    ("partOf", "part-of", references),
    ("topic", "not-done-valueset", unnamed),
    ("category", "not-done-valueset", unnamed),
    ("extension", "recorded-date", RECORDED),
)
ELEMENTS = {"Communication": named(_ATTRIBUTES)}


def communication(resource: Json, zone: tzinfo) -> Draft:
    """Project a Communication; without a subject it concerns the patients who received or sent it."""
    kept = attributes(resource, _ATTRIBUTES)
    told = (resource.get("sent"), resource.get("received"), *kept.get("recorded-date", ()))
    start, end = next((when for text in told if (when := moment(text, zone)) != UNKNOWN), UNKNOWN)
    ways = (patients(resource.get(element)) for element in ("subject", "recipient", "sender"))
    return Draft(
        patients=next(filter(None, ways), ()),
        status=word(resource.get("status")),
        codes=tuple(dict.fromkeys(kept.get("category", ()) + kept.get("topic", ()))),
        start=start,
        end=end,
        attributes=kept,
        title=concept_title(resource.get("topic")) or concept_title(resource.get("category")),
    )

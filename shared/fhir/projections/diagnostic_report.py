"""DiagnosticReport (https://hl7.org/fhir/R4/diagnosticreport.html): what was examined and concluded."""

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
)
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import UNKNOWN, choice, moment

_REPORT: Table = (
    ("category", "category", concepts),
    ("encounter", "encounter", references),
    ("performer", "performer", references),
    ("resultsInterpreter", "results-interpreter", references),
    ("result", "result", references),
    ("imagingStudy", "imaging-study", references),
    ("conclusionCode", "conclusion", concepts),
    ("basedOn", "based-on", references),
)
ELEMENTS = {"DiagnosticReport": named(_REPORT)}


def diagnostic_report(resource: Json, zone: tzinfo) -> Draft:
    """Project a DiagnosticReport; where nobody said when it was so, it is from when it was issued."""
    start, end = choice(resource, "effective", zone)
    if (start, end) == UNKNOWN:
        start, end = moment(resource.get("issued"), zone)
    return Draft(
        patients=patients(resource.get("subject")),
        status=word(resource.get("status")),
        codes=concepts(resource.get("code")),
        start=start,
        end=end,
        attributes=attributes(resource, _REPORT),
        title=concept_title(resource.get("code")),
    )

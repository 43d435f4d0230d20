"""QuestionnaireResponse (https://hl7.org/fhir/R4/questionnaireresponse.html): each answer a component.

A component's code is "questionnaire|linkId", with the questionnaire's canonical URL without its version, so
that criteria find an answer as they find part of an Observation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from shared.fhir.fact import Component
from shared.fhir.projections.draft import Draft
from shared.fhir.projections.elements import MOST, Json, attributes, each, patients, references, word, words
from shared.fhir.projections.table import Table, named
from shared.fhir.projections.timing import moment
from shared.fhir.projections.values import value_of

_ATTRIBUTES: Table = (
    ("questionnaire", "questionnaire", words),
    ("encounter", "encounter", references),
    ("author", "author", references),
    ("source", "source", references),
    ("basedOn", "based-on", references),
)
ELEMENTS = {"QuestionnaireResponse": named(_ATTRIBUTES)}


def questionnaire_response(resource: Json, zone: tzinfo) -> Draft:
    """Project a QuestionnaireResponse; without a subject it concerns the patient who answered."""
    start, end = moment(resource.get("authored"), zone)
    canonical = word(resource.get("questionnaire")).partition("|")[0]
    return Draft(
        patients=patients(resource.get("subject")) or patients(resource.get("source")),
        status=word(resource.get("status")),
        codes=(f"|{canonical}",) if canonical else (),
        start=start,
        end=end,
        components=tuple(_answers(resource, canonical)),
        attributes=attributes(resource, _ATTRIBUTES),
    )


def _answers(resource: Json, canonical: str) -> Iterator[Component]:
    for item, answer in _answered(resource):
        link, value = word(item.get("linkId")), value_of(answer)
        if link and value is not None:
            yield Component((f"{canonical}|{link}",), value)


def _answered(resource: Json) -> list[tuple[Json, Json]]:
    """Walk items and the items inside answers, in order, with our own stack as nesting has no bound."""
    found: list[tuple[Json, Json]] = []
    waiting = each(resource.get("item"))[::-1]
    while waiting and len(found) < MOST:
        item = waiting.pop()
        answers = each(item.get("answer"))
        found += [(item, answer) for answer in answers]
        below = [*each(item.get("item")), *(child for a in answers for child in each(a.get("item")))]
        waiting += below[::-1]
    return found[:MOST]

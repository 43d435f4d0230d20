"""What comes of a survey in FHIR: a QuestionnaireResponse, and its score as an Observation.

https://hl7.org/fhir/R4/questionnaireresponse.html, https://hl7.org/fhir/R4/observation.html. The same
answers make the same items, whether they came by text or from the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from shared.effects import WriteResource
from shared.journey.resources import written as about
from shared.journey.resources.coded import Json
from shared.journey.steps.base import Standing
from shared.journey.survey.questionnaire import Answers, Item, Questionnaire, relevant
from shared.journey.survey.scoring import Scores, score

_CATEGORY: Json = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]
}
_UCUM = "http://unitsofmeasure.org"


def results(
    standing: Standing,
    questionnaire: Questionnaire,
    answers: Answers,
    status: Literal["completed", "stopped"],
    party: str = "",
) -> tuple[WriteResource, ...]:
    """Return the effects that write what was answered, and its score where all of it was."""
    response = _response(standing, questionnaire, answers, status, party)
    found = score(questionnaire, answers)
    if status != "completed" or found.total is None:
        return (response,)
    return response, _observation(standing, questionnaire, found)


def items(questionnaire: Questionnaire, answers: Answers) -> list[Json]:
    """Return the answers as items of a response: those of a group within it, only what was answered."""
    known = relevant(questionnaire, answers)
    return [*_items(questionnaire.items, known)]


def _items(listed: tuple[Item, ...], known: Answers) -> Iterator[Json]:
    for item in listed:
        said = {"linkId": item.link_id} | ({"text": item.wording[""]} if item.wording.get("") else {})
        if item.kind == "group":
            inner = [*_items(item.items, known)]
            if inner:
                yield said | {"item": inner}
        elif item.link_id in known:
            yield said | {"answer": [value(item, known[item.link_id])]}


def value(item: Item, answer: str) -> Json:
    """Return an answer as value[x]."""
    match item.kind:
        case "choice":
            option = item.option(answer)
            return dict(option.value) if option is not None else {"valueString": answer}
        case "boolean":
            return {"valueBoolean": answer == "true"}
        case "integer":
            return {"valueInteger": int(answer)}
        case "decimal":
            return {"valueDecimal": float(answer)}
        case _:
            return {"valueString": answer}


def _response(
    standing: Standing, questionnaire: Questionnaire, answers: Answers, status: str, party: str
) -> WriteResource:
    content = {
        "identifier": about.own_identifier(standing, "response"),
        "questionnaire": questionnaire.canonical,
        "status": status,
        "subject": about.patient(standing),
        "encounter": _encounter(standing),
        "authored": about.at(standing),
        "source": {"reference": party} if party else about.patient(standing),
        "item": items(questionnaire, answers) or None,
    }
    return about.written(standing, "QuestionnaireResponse", content, "response")


def _observation(standing: Standing, questionnaire: Questionnaire, found: Scores) -> WriteResource:
    """Write the score; the response is named by its identifier, as both are written at once."""
    whole = found.total is not None and not found.total % 1
    value: Json = (
        {"valueInteger": int(found.total or 0)} if whole else {"valueQuantity": {"value": found.total}}
    )
    satisfied = {"code": {"text": "Satisfied answers"}, "valueQuantity": _percent(found.satisfied or 0)}
    content = {
        "status": "final",
        "category": [_CATEGORY],
        "code": questionnaire.code or {"text": questionnaire.title.get("", questionnaire.url)},
        "subject": about.patient(standing),
        "encounter": _encounter(standing),
        "effectiveDateTime": about.at(standing),
        "issued": about.at(standing),
        **value,
        "interpretation": [{"text": found.category}],
        "derivedFrom": [
            {"type": "QuestionnaireResponse", "identifier": about.own_identifier(standing, "response")}
        ],
        "component": [satisfied] if found.satisfied is not None else None,
    }
    return about.written(standing, "Observation", content, "score")


def _percent(value: float) -> Json:
    return {"value": round(value, 1), "unit": "%", "system": _UCUM, "code": "%"}


def _encounter(standing: Standing) -> Json | None:
    focus = about.focus(standing)
    return focus if standing.enrolment.focus.startswith("Encounter/") else None

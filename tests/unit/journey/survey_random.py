"""Random questionnaires as FHIR resources, and answers to them, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shared.journey.survey.questionnaire import NUMBERS, Item, Questionnaire, next_item
from shared.journey.survey.scoring import SCORING

type Json = dict[str, Any]

CORE = "http://hl7.org/fhir/StructureDefinition"
WORDS = ("Better", "The same", "Worse", "Blue", "Green", "Seldom", "Often")
KINDS = ("choice", "choice", "boolean", "integer", "decimal", "string", "text")


@st.composite
def _options(draw: st.DrawFn) -> list[Json]:
    count = draw(st.integers(2, 5))
    form = draw(st.sampled_from(["coding", "numbered", "text", "integer"]))
    weights = (
        draw(st.lists(st.integers(0, 10), min_size=count, max_size=count)) if draw(st.booleans()) else []
    )
    made = []
    for n in range(count):
        match form:
            case "coding":
                option: Json = {"valueCoding": {"system": "urn:x", "code": f"c{n}", "display": WORDS[n]}}
            case "numbered":
                option = {"valueCoding": {"code": str(n + 1), "display": WORDS[n]}}
            case "text":
                option = {"valueString": WORDS[n]}
            case _:
                option = {"valueInteger": n * 2}
        if weights:
            option["extension"] = [{"url": f"{CORE}/ordinalValue", "valueDecimal": weights[n]}]
        made.append(option)
    return made


@st.composite
def _question(draw: st.DrawFn, link_id: str, before: list[Json]) -> Json:
    kind = draw(st.sampled_from(KINDS))
    item: Json = {"linkId": link_id, "text": f"Question {link_id}?", "type": kind}
    item["required"] = draw(st.booleans())
    if kind == "choice":
        item["answerOption"] = draw(_options())
    if kind in NUMBERS and draw(st.booleans()):
        low = draw(st.integers(-5, 5))
        high = low + draw(st.integers(0, 20))
        bounds = (("minValue", low), ("maxValue", high))
        item["extension"] = [{"url": f"{CORE}/{name}", "valueInteger": value} for name, value in bounds]
    if before and draw(st.booleans()):
        count = draw(st.integers(1, 2))
        item["enableWhen"] = [draw(_condition(draw(st.sampled_from(before)))) for _ in range(count)]
        item["enableBehavior"] = draw(st.sampled_from(["all", "any"]))
    return item


@st.composite
def _condition(draw: st.DrawFn, on: Json) -> Json:
    base: Json = {"question": on["linkId"]}
    if draw(st.integers(0, 3)) == 0:
        return base | {"operator": "exists", "answerBoolean": draw(st.booleans())}
    equal = draw(st.sampled_from(["=", "!="]))
    match on["type"]:
        case "boolean":
            return base | {"operator": equal, "answerBoolean": draw(st.booleans())}
        case "integer" | "decimal":
            operator = draw(st.sampled_from(["=", "!=", ">", "<", ">=", "<="]))
            return base | {"operator": operator, "answerInteger": draw(st.integers(-5, 10))}
        case "choice":
            option = draw(st.sampled_from(on["answerOption"]))
            if "valueCoding" in option:
                return base | {"operator": equal, "answerCoding": {"code": option["valueCoding"]["code"]}}
            name = "valueString" if "valueString" in option else "valueInteger"
            return base | {"operator": equal, name.replace("value", "answer"): option[name]}
    return base | {"operator": equal, "answerString": draw(st.sampled_from(["yes", "blue"]))}


@st.composite
def questionnaires(draw: st.DrawFn) -> Json:
    """Draw a questionnaire that can be asked: questions, texts, groups, conditions on what comes before."""
    asked: list[Json] = []
    items: list[Json] = []
    for n in range(draw(st.integers(1, 5))):
        sort = draw(st.sampled_from(["question", "question", "group", "display"]))
        if sort == "display" and asked:
            items.append({"linkId": f"d{n}", "text": "Read this.", "type": "display"})
            continue
        if sort == "group":
            inner = []
            for m in range(draw(st.integers(1, 3))):
                inner.append(draw(_question(f"q{n}.{m}", asked)))
                asked.append(inner[-1])
            items.append({"linkId": f"g{n}", "text": "About you", "type": "group", "item": inner})
            continue
        items.append(draw(_question(f"q{n}", asked)))
        asked.append(items[-1])
    made: Json = {
        "resourceType": "Questionnaire",
        "url": "https://x.example/questionnaires/q",
        "version": "1",
        "title": "Random",
        "status": "active",
        "item": items,
        "code": [{"system": "urn:x", "code": "score"}],
    }
    if draw(st.booleans()) and _scores(asked):
        method = draw(st.sampled_from(["sum", "csat"]))
        made["extension"] = [{"url": SCORING, "extension": [{"url": "method", "valueCode": method}]}]
    return made


def _scores(asked: list[Json]) -> bool:
    weighed = (option for each in asked for option in each.get("answerOption", ()))
    return any("extension" in option for option in weighed)


@st.composite
def answer(draw: st.DrawFn, item: Item) -> str:
    """Draw an answer as it is kept; "" passes a question over that need not be answered."""
    if not item.required and draw(st.integers(0, 3)) == 0:
        return ""
    match item.kind:
        case "choice":
            return draw(st.sampled_from(item.options)).code
        case "boolean":
            return draw(st.sampled_from(["true", "false"]))
        case "integer" | "decimal":
            low = int(item.lowest) if item.lowest is not None else 0
            high = int(item.highest) if item.highest is not None else low + 20
            return str(draw(st.integers(low, max(low, high))))
    text = draw(st.text("abc xyz", min_size=1, max_size=20)).strip()
    return text or "well"


@st.composite
def answered(draw: st.DrawFn, questionnaire: Questionnaire) -> dict[str, str]:
    """Draw answers to everything that is asked."""
    answers: dict[str, str] = {}
    while (item := next_item(questionnaire, answers)) is not None:
        answers[item.link_id] = draw(answer(item))
    return answers

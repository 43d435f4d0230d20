"""Reading enableWhen: what must have been answered before, for a question to be asked.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from shared.journey.survey.elements import Finding, mappings, text
from shared.journey.survey.questionnaire import NUMBERS, WRITTEN, Condition, Item

OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")


def conditions(
    node: Mapping[str, Any], items: tuple[Item, ...], path: str, before: dict[str, Item], found: Finding
) -> Iterator[Item]:
    """Return items with their conditions; `before` gathers the questions that stand before the next."""
    for n, (item, raw) in enumerate(zip(items, mappings(node, "item"), strict=True)):
        place = f"{path}[{n}]"
        read = tuple(
            condition
            for m, each in enumerate(mappings(raw, "enableWhen"))
            if (condition := _condition(each, f"{place}.enableWhen[{m}]", before, found)) is not None
        )
        if len(read) > 1 and text(raw, "enableBehavior") not in ("all", "any"):
            found.wrong(
                f"{place}.enableBehavior", "is missing where there are several conditions", "all or any"
            )
        inner = tuple(conditions(raw, item.items, f"{place}.item", before, found)) if item.items else ()
        if item.asks:
            before[item.link_id] = item
        yield replace(item, conditions=read, items=inner)


def _condition(
    node: Mapping[str, Any], path: str, before: Mapping[str, Item], found: Finding
) -> Condition | None:
    question, operator = text(node, "question"), text(node, "operator")
    item = before.get(question)
    if item is None:
        found.wrong(f"{path}.question", f"{question or 'nothing'} is no question before this one")
        return None
    if operator not in OPERATORS:
        found.wrong(f"{path}.operator", "is none", f"one of {', '.join(OPERATORS)}")
        return None
    value = _value(node, item, operator)
    if value is None:
        found.wrong(path, f"compares {question} with what it is never answered", _wanted(item, operator))
        return None
    return Condition(question, operator, value)  # type: ignore[arg-type] # one of OPERATORS


def _value(node: Mapping[str, Any], item: Item, operator: str) -> str | float | bool | None:
    truth = node.get("answerBoolean")
    if operator == "exists" or item.kind == "boolean":
        fits = isinstance(truth, bool) and operator in ("exists", "=", "!=")
        return truth if fits else None
    if item.kind in NUMBERS:
        given = node.get("answerInteger", node.get("answerDecimal"))
        return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else None
    if operator not in ("=", "!="):
        return None
    if item.kind in WRITTEN:
        return text(node, "answerString") or None
    coding = node.get("answerCoding")
    code = text(coding, "code") if isinstance(coding, Mapping) else text(node, "answerString")
    code = code or str(node.get("answerInteger", ""))
    return code if item.option(code) is not None else None


def _wanted(item: Item, operator: str) -> str:
    if operator == "exists" or item.kind == "boolean":
        return "answerBoolean, with exists, = or !="
    if item.kind in NUMBERS:
        return "answerInteger or answerDecimal"
    return "answerString, with = or !=" if item.kind in WRITTEN else "the code of an option, with = or !="

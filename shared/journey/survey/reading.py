"""Reading a FHIR R4 Questionnaire: what Hearthline can ask of it, and everything that it cannot, with paths.

https://hl7.org/fhir/R4/questionnaire.html. Translations are those of the standard extension
(https://hl7.org/fhir/R4/extension-translation.html), weights of options ordinalValue
(https://hl7.org/fhir/R4/extension-ordinalvalue.html) or its later name itemWeight, bounds of numbers
minValue and maxValue (https://hl7.org/fhir/R4/extension-minvalue.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.errors import Invalid, Problem
from shared.fhir.canonical import canonical
from shared.fhir.wording import Wording
from shared.journey.survey.conditions import conditions
from shared.journey.survey.elements import CORE, Finding, extension, mappings, number, text, wording
from shared.journey.survey.questionnaire import MOST_WRITTEN, NUMBERS, WRITTEN, Item, Option, Questionnaire
from shared.journey.survey.scoring import scoring

KINDS = ("choice", "boolean", "integer", "decimal", "string", "text", "display", "group")
MOST_ITEMS = 60
"""Questions of one questionnaire: nobody answers more, and the answers fit into a patient's record."""
_NOT_ASKED = ("initial", "answerValueSet", "definition")
_WEIGHTS = (f"{CORE}/ordinalValue", f"{CORE}/itemWeight")


def parse_questionnaire(document: Mapping[str, Any], where: str) -> Questionnaire:
    """Read a Questionnaire resource. Raises Invalid with every Problem; `where` names the file."""
    found = Finding(where)
    head = _head(document, found)
    language = text(document, "language") or "en"
    items = _items(document, "item", found, language, top=True)
    questions = [each for item in items for each in (item.items or (item,)) if each.asks]
    if not found.problems and not questions:
        found.wrong("item", "asks nothing", "at least one question")
    if len(questions) > MOST_ITEMS:
        found.wrong("item", f"has {len(questions)} questions", f"at most {MOST_ITEMS}")
    items = _conditioned(document, items, found)
    if not found.problems and _maybe_empty(items):
        found.wrong("item", "the first question hangs on a condition", "a question that is always asked")
    scored = scoring(document, questions, found)
    if found.problems:
        raise Invalid(tuple(found.problems))
    title = wording(document, "title", language)
    tags = {language, *title, *(tag for each in _all(items) for tag in _languages(each))}
    return Questionnaire(
        url=head["url"],
        version=head["version"],
        canonical=canonical(head["url"], head["version"]),
        title=title,
        language=language,
        languages=tuple(sorted(tags - {""})),
        items=items,
        scoring=scored,
        code=_code(document),
    )


def _head(document: Mapping[str, Any], found: Finding) -> dict[str, str]:
    if document.get("resourceType") != "Questionnaire":
        found.wrong("resourceType", "is no Questionnaire", "Questionnaire")
    head = {name: text(document, name) for name in ("url", "version", "title")}
    for name, value in head.items():
        if not value:
            found.wrong(name, "is missing")
    if text(document, "status") not in ("active", "draft"):
        found.wrong("status", "is not one that is asked", "active or draft")
    subjects = document.get("subjectType", ["Patient"])
    if "Patient" not in subjects:
        found.wrong("subjectType", "is not about patients", "Patient")
    return head


def _code(document: Mapping[str, Any]) -> dict[str, object] | None:
    coding = [each for each in mappings(document, "code") if text(each, "code")]
    return {"coding": coding, "text": text(document, "title")} if coding else None


def _items(
    node: Mapping[str, Any], path: str, found: Finding, language: str, *, top: bool
) -> tuple[Item, ...]:
    return tuple(
        _item(each, f"{path}[{n}]", found, language, top=top) for n, each in enumerate(mappings(node, "item"))
    )


def _item(node: Mapping[str, Any], path: str, found: Finding, language: str, *, top: bool) -> Item:
    kind, link_id = text(node, "type"), text(node, "linkId")
    if kind not in KINDS:
        found.wrong(f"{path}.type", f"{kind or 'nothing'} cannot be asked", f"one of {', '.join(KINDS)}")
        kind = "display"
    if kind == "group" and not top:
        found.wrong(f"{path}.type", "stands in another group", "one level of groups")
    if not link_id:
        found.wrong(f"{path}.linkId", "is missing")
    found.once(link_id, f"{path}.linkId")
    if kind != "group" and not text(node, "text"):
        found.wrong(f"{path}.text", "is missing")
    _unfit(node, kind, path, found)
    inner = _items(node, f"{path}.item", found, language, top=False) if kind == "group" and top else ()
    lowest, highest = _bounds(node, kind, path, found)
    return Item(
        link_id=link_id,
        kind=kind,  # type: ignore[arg-type] # one of KINDS
        wording=wording(node, "text", language),
        required=node.get("required") is True,
        either=text(node, "enableBehavior") == "any",
        options=tuple(_options(node, path, found, language)) if kind == "choice" else (),
        lowest=lowest,
        highest=highest,
        most=_most(node, kind, path, found),
        items=inner,
    )


def _unfit(node: Mapping[str, Any], kind: str, path: str, found: Finding) -> None:
    if node.get("repeats"):
        found.wrong(f"{path}.repeats", "several answers to one question cannot be asked", "false")
    for name in (*_NOT_ASKED, *(["answerOption"] if kind != "choice" else [])):
        if name in node:
            found.wrong(f"{path}.{name}", "cannot be heeded here", "answerOption of a choice")
    if kind != "group" and mappings(node, "item"):
        found.wrong(f"{path}.item", "only groups have items in them")
    if kind == "group" and not mappings(node, "item"):
        found.wrong(f"{path}.item", "is an empty group")


def _options(node: Mapping[str, Any], path: str, found: Finding, language: str) -> Iterator[Option]:
    listed = mappings(node, "answerOption")
    if len(listed) < 2:
        found.wrong(f"{path}.answerOption", "leaves no choice", "at least two")
    seen: set[str] = set()
    for n, each in enumerate(listed):
        place = f"{path}.answerOption[{n}]"
        option = _option(each, language)
        if option is None:
            found.wrong(place, "is no answer to choose", "valueCoding with a code, valueString, valueInteger")
        elif option.code in seen:
            found.wrong(place, f"{option.code} stands twice", "one of each")
        else:
            seen.add(option.code)
            yield option


def _option(node: Mapping[str, Any], language: str) -> Option | None:
    weight = _weight(node)
    coding = node.get("valueCoding")
    if isinstance(coding, Mapping):
        code = text(coding, "code")
        kept = {name: coding[name] for name in ("system", "version", "code", "display") if name in coding}
        shown = wording(coding, "display", language) if text(coding, "display") else {"": code}
        weight = _weight(coding) if weight is None else weight
        return Option(code, shown, {"valueCoding": kept}, weight) if code else None
    if said := text(node, "valueString"):
        return Option(said, wording(node, "valueString", language), {"valueString": said}, weight)
    whole = node.get("valueInteger")
    if isinstance(whole, int) and not isinstance(whole, bool):
        return Option(str(whole), {"": str(whole)}, {"valueInteger": whole}, weight)
    return None


def _weight(node: Mapping[str, Any]) -> float | None:
    return next((found for url in _WEIGHTS if (found := number(extension(node, url))) is not None), None)


def _bounds(
    node: Mapping[str, Any], kind: str, path: str, found: Finding
) -> tuple[float | None, float | None]:
    low, high = (number(extension(node, f"{CORE}/{name}")) for name in ("minValue", "maxValue"))
    if (low is not None or high is not None) and kind not in NUMBERS:
        found.wrong(f"{path}.extension", "bounds what is no number")
    if low is not None and high is not None and low > high:
        found.wrong(f"{path}.extension", "minValue is more than maxValue: no number fits")
    return low, high


def _most(node: Mapping[str, Any], kind: str, path: str, found: Finding) -> int:
    most = node.get("maxLength", MOST_WRITTEN)
    if not isinstance(most, int) or most < 1 or ("maxLength" in node and kind not in WRITTEN):
        found.wrong(f"{path}.maxLength", "bounds nothing", "a whole number, of an answer in words")
        return MOST_WRITTEN
    return min(most, MOST_WRITTEN)


def _conditioned(document: Mapping[str, Any], items: tuple[Item, ...], found: Finding) -> tuple[Item, ...]:
    """Read what questions hang on, now that all of them are known."""
    before: dict[str, Item] = {}
    return tuple(conditions(document, items, "item", before, found))


def _maybe_empty(items: tuple[Item, ...]) -> bool:
    """Say whether there may be nothing to ask: a survey asks something before it has any answer."""
    always = (each for item in items if not item.conditions for each in (item.items or (item,)))
    return not any(each.asks and not each.conditions for each in always)


def _all(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _all(item.items)


def _languages(item: Item) -> Iterator[str]:
    wordings: tuple[Wording, ...] = (item.wording, *(option.wording for option in item.options))
    for each in wordings:
        yield from each


def problems_of(document: Mapping[str, Any], where: str) -> tuple[Problem, ...]:
    """Return what is wrong with a questionnaire."""
    try:
        parse_questionnaire(document, where)
    except Invalid as invalid:
        return invalid.problems
    return ()

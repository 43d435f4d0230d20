"""Questionnaire: what is asked, made ready to be asked; and which question comes next.

Read by shared.journey.survey.reading from a FHIR R4 Questionnaire
(https://hl7.org/fhir/R4/questionnaire.html); asked by text (dialogue) or on a page, answered in codes.

Answers are a mapping of linkId to text: the code of an option, "true" or "false", a number as "7" or "7.5",
or what was written; "" is a question that was passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from shared.fhir.wording import Wording

type Answers = Mapping[str, str]
type Kind = Literal["choice", "boolean", "integer", "decimal", "string", "text", "display", "group"]
type Operator = Literal["exists", "=", "!=", ">", "<", ">=", "<="]

NUMBERS = frozenset({"integer", "decimal"})
WRITTEN = frozenset({"string", "text"})

MOST_WRITTEN = 1000
"""Characters of an answer in words, where the questionnaire sets no lower `maxLength`."""


class Option(Struct, frozen=True):
    """One answer to choose."""

    code: str
    """Unique within its question."""
    wording: Wording
    value: dict[str, object]
    """As a response says it: {"valueCoding": {...}}, {"valueString": ...}, {"valueInteger": ...}."""
    weight: float | None = None
    """Its ordinal value: what it counts in a score."""


class Condition(Struct, frozen=True):
    """What must have been answered before, for a question to be asked (Questionnaire.enableWhen)."""

    question: str
    operator: Operator
    value: str | float | bool
    """Code or text, number, or truth: as the question is answered; with "exists" a truth."""


class Item(Struct, frozen=True):
    """A question, a text that is only shown, or a group of these."""

    link_id: str
    kind: Kind
    wording: Wording
    required: bool = False
    conditions: tuple[Condition, ...] = ()
    either: bool = False
    """One of the conditions is enough."""
    options: tuple[Option, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    most: int = MOST_WRITTEN
    """Characters, of an answer in words."""
    items: tuple[Item, ...] = ()
    """Of a group."""

    @property
    def asks(self) -> bool:
        """Say whether it has an answer."""
        return self.kind not in ("display", "group")

    def option(self, code: str) -> Option | None:
        """Find an option by its code."""
        return next((option for option in self.options if option.code == code), None)


class Band(Struct, frozen=True):
    """A name for the scores from so many on, up to the next band."""

    name: str
    at_least: float


class Scoring(Struct, frozen=True):
    """How answers become a score, and a score a word for journeys to branch by."""

    method: Literal["sum", "csat", "nps"] = "sum"
    bands: tuple[Band, ...] = ()
    """From the lowest to the highest."""


class Questionnaire(Struct, frozen=True):
    """One version of a questionnaire."""

    url: str
    version: str
    canonical: str
    title: Wording
    language: str
    """Of its own texts; others are translations."""
    languages: tuple[str, ...]
    items: tuple[Item, ...]
    scoring: Scoring = Scoring()
    code: dict[str, object] | None = None
    """What its score is called: a CodeableConcept."""

    def find(self, link_id: str) -> Item | None:
        """Find a question by its linkId."""
        return next((item for item in self.questions if item.link_id == link_id), None)

    @property
    def questions(self) -> Iterator[Item]:
        """Walk all questions, asked or not, in order."""
        for item in self.items:
            yield from (each for each in (item.items or (item,)) if each.asks)


class Shown(Struct, frozen=True):
    """A question that is to be asked, and what is to be read before it."""

    item: Item
    group: Item | None = None
    """In which it stands."""
    opens: bool = False
    """It is the first of its group."""
    before: tuple[Item, ...] = ()
    """Texts that are only shown."""


def shown(questionnaire: Questionnaire, answers: Answers) -> Iterator[Shown]:
    """Walk the questions that these answers leave to be asked, answered or not, in order.

    A condition looks only at questions before it that are asked themselves: so what is walked depends on
    nothing that comes later, and the walk ends.
    """
    known: dict[str, str] = {}
    before: list[Item] = []
    opened = ""
    for each, group in _placed(questionnaire):
        if not all(enabled(item, questionnaire, known) for item in (group, each) if item is not None):
            continue
        if not each.asks:
            before.append(each)
            continue
        opens = group is not None and group.link_id != opened
        yield Shown(each, group, opens, tuple(before))
        before.clear()
        opened = group.link_id if group is not None else ""
        if answers.get(each.link_id):
            known[each.link_id] = answers[each.link_id]


def _placed(questionnaire: Questionnaire) -> Iterator[tuple[Item, Item | None]]:
    """Walk questions and texts, each with its group."""
    for item in questionnaire.items:
        if item.kind == "group":
            yield from ((each, item) for each in item.items)
        else:
            yield item, None


def next_item(questionnaire: Questionnaire, answers: Answers) -> Item | None:
    """Return the first question to be asked that is neither answered nor passed over; None at the end."""
    return next((s.item for s in shown(questionnaire, answers) if s.item.link_id not in answers), None)


def relevant(questionnaire: Questionnaire, answers: Answers) -> dict[str, str]:
    """Return the answers to questions that are asked: what was said before a condition turned is left out."""
    asked = (each.item.link_id for each in shown(questionnaire, answers))
    return {link_id: answers[link_id] for link_id in asked if answers.get(link_id)}


def enabled(item: Item, questionnaire: Questionnaire, known: Answers) -> bool:
    """Say whether an item is to be shown, by the answers known of questions before it."""
    if not item.conditions:
        return True
    held = (_holds(condition, questionnaire, known) for condition in item.conditions)
    return any(held) if item.either else all(held)


def _holds(condition: Condition, questionnaire: Questionnaire, known: Answers) -> bool:
    """Compare (http://hl7.org/fhir/questionnaire-enable-operator): no answer differs from every value."""
    said = known.get(condition.question)
    if condition.operator == "exists":
        return (said is not None) is condition.value
    if said is None:
        return condition.operator == "!="
    question = questionnaire.find(condition.question)
    given = typed(question, said) if question is not None else said
    if condition.operator in ("=", "!="):
        return (given == condition.value) is (condition.operator == "=")
    if isinstance(given, str) or isinstance(condition.value, str):
        return False
    match condition.operator:
        case ">":
            return given > condition.value
        case "<":
            return given < condition.value
        case ">=":
            return given >= condition.value
        case _:
            return given <= condition.value


def typed(item: Item, answer: str) -> str | float | bool:
    """Return an answer as what it is: a truth, a number, or a code or text."""
    if item.kind == "boolean":
        return answer == "true"
    return float(answer) if item.kind in NUMBERS else answer

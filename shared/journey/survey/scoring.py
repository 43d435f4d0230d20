"""Scoring: how answers become a score, and the score a word that journeys branch by.

The method and the bands stand in an extension of the Questionnaire, as FHIR R4 has none for them:
{"url": SCORING, "extension": [{"url": "method", "valueCode": "sum"}, {"url": "band", "extension":
[{"url": "name", "valueCode": "high"}, {"url": "at-least", "valueDecimal": 10}]}]}
Who keeps definitions under an address of their own may name it there, too: the last part counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from shared.journey.survey.elements import Finding, extension, mappings, number, text
from shared.journey.survey.questionnaire import (
    Answers,
    Band,
    Item,
    Questionnaire,
    Scoring,
    relevant,
)

SCORING = "https://hearthline.example/fhir/StructureDefinition/questionnaire-scoring"
METHODS = ("sum", "csat", "nps")
ANSWERED = "answered"
"""The word for a survey whose score has no name, or that has no score."""

_NPS = (Band("detractor", 0), Band("passive", 7), Band("promoter", 9))
"""https://www.netpromotersystem.com/about/measuring-your-net-promoter-score/: 9 and 10, 7 and 8, 0 to 6."""
_CSAT = ("dissatisfied", "neutral", "satisfied")
_NEUTRAL, _SATISFIED = 0.5, 0.75
"""Of the way from the worst answer to the best: 3 and 4 of 1 to 5."""


class Scores(Struct, frozen=True):
    """What answers amount to."""

    method: str
    category: str = ANSWERED
    """The word that journeys branch by."""
    total: float | None = None
    """The sum; with "csat" the mean, with "nps" the number given. None where nothing answered counts."""
    lowest: float = 0
    highest: float = 0
    """What the answers could have come to, at least and at most."""
    satisfied: float | None = None
    """With "csat": how many per cent of the answers are among the best two of five."""


def score(questionnaire: Questionnaire, answers: Answers) -> Scores:
    """Score answers; questions that are not asked, have no weights or were passed over do not count."""
    method = questionnaire.scoring.method
    counted = [*_counted(questionnaire, relevant(questionnaire, answers))]
    if not counted:
        return Scores(method)
    if method == "nps":
        counted = counted[:1]
    size = len(counted) if method == "csat" else 1
    total = round(sum(value for value, _, _ in counted) / size, 4)
    lowest = sum(low for _, low, _ in counted) / size
    highest = sum(high for _, _, high in counted) / size
    shares = [_share(*each) for each in counted]
    satisfied = 100 * sum(share >= _SATISFIED for share in shares) / size if method == "csat" else None
    name = _band(questionnaire.scoring.bands, total) or _own(method, total, sum(shares) / len(shares))
    return Scores(method, name, total, lowest, highest, satisfied)


def categories(questionnaire: Questionnaire) -> tuple[str, ...]:
    """Return every word that a score may come to."""
    named = tuple(band.name for band in questionnaire.scoring.bands)
    own = {"nps": tuple(band.name for band in _NPS), "csat": _CSAT, "sum": ()}
    return (*(named or own[questionnaire.scoring.method]), ANSWERED)


def scoring(document: Mapping[str, Any], questions: Sequence[Item], found: Finding) -> Scoring:
    """Read how a Questionnaire is scored; without a word about it, weights are summed."""
    name = SCORING.rpartition("/")[2]
    extensions = mappings(document, "extension")
    here = next((each for each in extensions if text(each, "url").endswith(f"/{name}")), None)
    if here is None:
        return Scoring()
    path = f"extension[{name}]"
    method = extension(here, "method")
    if method not in METHODS:
        found.wrong(f"{path}.method", "is none", f"one of {', '.join(METHODS)}")
        return Scoring()
    if not any(_range(item) is not None for item in questions):
        found.wrong(path, "there is nothing to score", "weights of options, or a number with bounds")
    if method == "nps" and next((_range(q) for q in questions if _range(q)), None) != (0, 10):
        found.wrong(path, "nps scores a question from 0 to 10", "minValue 0 and maxValue 10")
    bands = tuple(_bands(here, path, found))
    if list(bands) != sorted(bands, key=lambda band: band.at_least):
        found.wrong(f"{path}.band", "bands are not in order", "from the lowest at-least to the highest")
    return Scoring(method, bands)  # type: ignore[arg-type] # one of METHODS


def _bands(node: Mapping[str, Any], path: str, found: Finding) -> Iterator[Band]:
    for n, each in enumerate(each for each in mappings(node, "extension") if each.get("url") == "band"):
        name, least = extension(each, "name"), number(extension(each, "at-least"))
        if not isinstance(name, str) or not _is_word(name) or least is None:
            found.wrong(f"{path}.band[{n}]", "is no band", "name, in kebab case, and at-least")
        else:
            yield Band(name, least)


def _is_word(name: str) -> bool:
    return 0 < len(name) <= 64 and name.replace("-", "").isalnum() and name == name.lower() and name.isascii()


def _counted(questionnaire: Questionnaire, answers: Answers) -> Iterator[tuple[float, float, float]]:
    """Walk what counts, as (value, lowest possible, highest possible)."""
    for link_id, answer in answers.items():
        item = questionnaire.find(link_id)
        bounds = _range(item) if item is not None else None
        value = _value(item, answer) if item is not None and bounds is not None else None
        if bounds is not None and value is not None:
            yield value, *bounds


def _range(item: Item) -> tuple[float, float] | None:
    """Return between which values a question counts, if it does."""
    if item.kind == "choice":
        weights = [option.weight for option in item.options if option.weight is not None]
        return (min(weights), max(weights)) if weights else None
    if item.kind == "integer" and item.lowest is not None and item.highest is not None:
        return item.lowest, item.highest
    return None


def _value(item: Item, answer: str) -> float | None:
    if item.kind == "choice":
        option = item.option(answer)
        return option.weight if option is not None else None
    return float(answer)


def _share(value: float, low: float, high: float) -> float:
    """Return how far an answer is from the worst to the best, 0 to 1."""
    return (value - low) / (high - low) if high > low else 1.0


def _band(bands: Sequence[Band], total: float) -> str:
    return next((band.name for band in reversed(bands) if band.at_least <= total), "")


def _own(method: str, total: float, share: float) -> str:
    """Return the usual name of a score."""
    if method == "nps":
        return _band(_NPS, total)
    if method == "csat":
        return _CSAT[(share >= _NEUTRAL) + (share >= _SATISFIED)]
    return ANSWERED

"""Conditions on a value: thresholds in a unit, coded answers, text.

A threshold holds only if it surely does: "< 5" is below 6 and not above 4. A value in another unit is
converted; one that cannot be, or that has none where one is asked for, holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from operator import ge, gt, le, lt
from typing import Annotated, Self

from pydantic import BeforeValidator, StrictBool, model_validator

from shared.fhir.fact import Value
from shared.segment.coded import Coded
from shared.segment.criterion import Context
from shared.segment.units import converter, is_unit, suggestion


def _number(value: object) -> object:
    """Take numbers only: text that looks like one is a slip, and so is true."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError("is not a number")
    return value


type Number = Annotated[float, BeforeValidator(_number, json_schema_input_type=float)]
type Judge = Callable[[Value | None], bool]

_COMPARE: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "above": (">", gt),
    "at_least": (">=", ge),
    "below": ("<", lt),
    "at_most": ("<=", le),
}
_RISING = frozenset({"above", "at_least"})
_SURE: dict[tuple[str, str], Callable[[float, float], bool]] = {
    (">", "above"): ge,
    (">", "at_least"): ge,
    (">=", "above"): gt,
    (">=", "at_least"): ge,
    ("<", "below"): le,
    ("<", "at_most"): le,
    ("<=", "below"): lt,
    ("<=", "at_most"): le,
}
"""(comparator of the value, threshold's word) → how its number must compare for the threshold to hold."""


class ValuePattern(Coded):
    """What a value must be: a number in a unit between thresholds, or a code or text."""

    above: Number | None = None
    at_least: Number | None = None
    below: Number | None = None
    at_most: Number | None = None
    unit: str | None = None
    """UCUM code of the thresholds ("%", "mm[Hg]"), "1" for none; values in others are converted."""

    exists: StrictBool | None = None
    """Whether there is any value at all."""

    @property
    def thresholds(self) -> tuple[tuple[str, float], ...]:
        """Return the thresholds given, by their word."""
        return tuple((word, n) for word in _COMPARE if (n := getattr(self, word)) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        rising = sum(word in _RISING for word, _ in self.thresholds)
        if sum((bool(self.thresholds), self.chooses, self.exists is not None)) != 1:
            raise ValueError(
                "give thresholds (above, at_least, below, at_most), or code, valueset or text, or exists"
            )
        if rising > 1 or len(self.thresholds) - rising > 1:
            raise ValueError("gives a threshold twice: above or at_least, below or at_most")
        if bool(self.thresholds) != bool(self.unit):
            raise ValueError('needs a unit beside its thresholds, such as "%" (use "1" where there is none)')
        if self.unit and not is_unit(self.unit):
            known = suggestion(self.unit)
            raise ValueError(f"{self.unit} is no UCUM unit" + (f', write "{known}"' if known else ""))
        return self

    def judge(self, context: Context) -> Judge:
        """Compile to a test of a value."""
        if self.thresholds:
            return _numeric(self.thresholds, "" if self.unit == "1" else self.unit or "")
        if self.exists is not None:
            there = self.exists
            return lambda value: (value is not None) is there
        tokens, texts = self.tokens(context), frozenset(self.texts)

        def answered(value: Value | None) -> bool:
            return value is not None and (not tokens.isdisjoint(value.codes) or value.text.lower() in texts)

        return answered

    def words(self) -> str:
        """Say it in English: "> 9 %", "positive"."""
        if self.exists is not None:
            return "with a value" if self.exists else "without a value"
        if not self.thresholds:
            return super().words()
        unit = "" if self.unit == "1" else f" {self.unit}"
        return " and ".join(f"{_COMPARE[word][0]} {shown(number)}{unit}" for word, number in self.thresholds)


def _numeric(thresholds: tuple[tuple[str, float], ...], unit: str) -> Judge:
    tests = tuple((word, limit, _COMPARE[word][1]) for word, limit in thresholds)
    word, limit, compare = tests[0]

    def one(value: Value | None) -> bool:
        if value is None or (number := value.number) is None:
            return False
        if value.unit != unit and (number := converted(number, value.unit, unit)) is None:
            return False
        return _surely(value.text, word, number, limit) if value.text else compare(number, limit)

    def several(value: Value | None) -> bool:
        if value is None or (number := value.number) is None:
            return False
        if value.unit != unit and (number := converted(number, value.unit, unit)) is None:
            return False
        return all(
            _surely(value.text, word, number, limit) if value.text else compare(number, limit)
            for word, limit, compare in tests
        )

    return one if len(tests) == 1 else several


def converted(number: float, found: str, wanted: str) -> float | None:
    """Return a number in another unit; None where the two do not compare."""
    convert = converter(found, wanted)
    return None if convert is None else convert(number)


def _surely(comparator: str, word: str, number: float, limit: float) -> bool:
    compare = _SURE.get((comparator, word))
    if compare is None and comparator not in ("<", "<=", ">", ">="):
        compare = _COMPARE[word][1]
    return compare is not None and compare(number, limit)


def shown(number: float) -> str:
    """Write a number without the noise of binary fractions."""
    return f"{number:.10g}"


def describe(value: Value | None) -> str:
    """Write a value for a sentence: "9.1 %"."""
    if value is None:
        return "without a value"
    if value.number is None:
        return value.text or " ".join(code.rpartition("|")[2] for code in value.codes)
    comparator = value.text if value.text in ("<", "<=", ">", ">=") else ""
    return " ".join(filter(None, (comparator, shown(value.number), value.unit)))

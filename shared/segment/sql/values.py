"""Conditions on values as SQL: the thresholds are looked for, unit by unit, by asking the criterion itself.

"above 9 %" of numbers in mmol/mol is "at least t" for one double t: the least for which the pattern's own
judge says yes. So conversions and comparators ("<5") mean in SQL what they mean for one patient.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from math import inf, nextafter

from shared.fhir.fact import Value
from shared.segment.criterion import Context
from shared.segment.sql.text import EVERYBODY, NOBODY, all_of, among, any_of, holds_any, literal, real
from shared.segment.values import Judge, ValuePattern

_COMPARATORS = ("<", "<=", ">", ">=")
_LOWEST, _HIGHEST = nextafter(-inf, 0), nextafter(inf, 0)


def valued(pattern: ValuePattern, context: Context, units: tuple[str, ...], of: str, there: str) -> str:
    """Test the value in the columns number, unit, value_text and value_codes of `of` ("f.").

    `there` says whether there is a value at all. May be NULL for no.
    """
    if pattern.exists is not None:
        return there if pattern.exists else f"NOT {there}"
    if pattern.thresholds:
        return any_of(_in_units(pattern, context, units, of))
    tests = [holds_any(f"{of}value_codes", pattern.tokens(context))]
    if pattern.texts:
        tests.append(f"({there} AND {among(f'{of}value_text', pattern.texts)})")
    return any_of(tests)


def _in_units(pattern: ValuePattern, context: Context, units: tuple[str, ...], of: str) -> Iterator[str]:
    wanted = "" if pattern.unit == "1" else pattern.unit or ""
    judges = [
        (word, ValuePattern.model_validate({word: limit, "unit": pattern.unit}).judge(context))
        for word, limit in pattern.thresholds
    ]
    for unit in sorted({wanted, *units}):
        plain = _bounds(judges, unit, "", of)
        compared = [(sign, _bounds(judges, unit, sign, of)) for sign in _COMPARATORS]
        if plain != NOBODY or any(test != NOBODY for _, test in compared):
            cases = " ".join(f"WHEN {literal(sign)} THEN {test}" for sign, test in compared)
            test = f"CASE {of}value_text {cases} ELSE {plain} END"
            yield f"({of}unit = {literal(unit)} AND {of}number IS NOT NULL AND {test})"


def _bounds(judges: list[tuple[str, Judge]], unit: str, sign: str, of: str) -> str:
    return all_of(_bound(word, judge, unit, sign, of) for word, judge in judges)


def _bound(word: str, judge: Judge, unit: str, sign: str, of: str) -> str:
    """Find the number at which a judge of one threshold turns."""

    def holds(number: float) -> bool:
        return judge(Value(number, unit, (), sign))

    if holds(_LOWEST) and holds(_HIGHEST):
        return EVERYBODY
    if word in ("above", "at_least"):
        return f"{of}number >= {real(_least(holds))}" if holds(_HIGHEST) else NOBODY
    return f"{of}number < {real(_least(lambda n: not holds(n)))}" if holds(_LOWEST) else NOBODY


def _least(holds: Callable[[float], bool]) -> float:
    """Find the least double for which something holds that holds for the greatest, and not for the least."""
    low, high = _place(_LOWEST), _place(_HIGHEST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(_double(middle)) else (middle, high)
    return _double(high)


def _place(number: float) -> int:
    """Return the number of a double, counted in their order."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return int(bits) if bits >= 0 else -(int(bits) & (2**63 - 1))


def _double(place: int) -> float:
    (number,) = struct.unpack("<d", struct.pack("<q", place if place >= 0 else -place - 2**63))
    return float(number)

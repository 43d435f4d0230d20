"""Reading value[x] (https://hl7.org/fhir/R4/observation-definitions.html#Observation.value_x_) as a Value.

A quantity's comparator stands in `text`: {"value": 5, "comparator": "<"} is Value(number=5, text="<"). A
range has two numbers, so none in `number`: "5 - 10" is text. A ratio's number is its quotient.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from shared.fhir.fact import Value
from shared.fhir.projections.elements import Json, concept_title, concepts, inside, prose, reference, word


def value_of(holder: Json) -> Value | None:
    """Return the value[x] of an Observation, a component or an answer; None when it has none we can read."""
    for element, read in _READERS.items():  # in order of frequency
        found = holder.get(element)
        if found is not None:
            return read(found)
    return None


def number(value: object) -> float | None:
    """Read a decimal; numbers beyond a double, and booleans, are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if isfinite(found) else None


def numeral(value: object) -> tuple[str, ...]:
    """Read a number as text, for an attribute: "3", "0.5"."""
    found = number(value)
    if found is None:
        return ()
    return (str(int(found)) if found.is_integer() and abs(found) < 1e15 else repr(found),)


def _quantity(value: object) -> Value | None:
    found = number(inside(value, "value"))
    if found is None:
        return None
    return Value(number=found, unit=_unit(value), text=word(inside(value, "comparator")))


def _unit(value: object) -> str:
    return word(inside(value, "code")) or word(inside(value, "unit"))


def _concept(value: object) -> Value | None:
    codes, title = concepts(value), concept_title(value)
    return Value(codes=codes, text=title) if codes or title else None


def _coding(value: object) -> Value | None:
    return _concept({"coding": [value]})


def _boolean(value: object) -> Value | None:
    return Value(text="true" if value else "false") if isinstance(value, bool) else None


def _number(value: object) -> Value | None:
    found = number(value)
    return None if found is None else Value(number=found)


def _text(value: object) -> Value | None:
    found = prose(value)
    return Value(text=found) if found else None


def _range(value: object) -> Value | None:
    low, high = inside(value, "low"), inside(value, "high")
    shown = [_shown(side) for side in (low, high)]
    return Value(unit=_unit(low) or _unit(high), text=" - ".join(shown)) if any(shown) else None


def _ratio(value: object) -> Value | None:
    sides = inside(value, "numerator"), inside(value, "denominator")
    above, below = (number(inside(side, "value")) for side in sides)
    if above is None:
        return None
    units = "/".join(filter(None, map(_unit, sides)))
    exact = not any(inside(side, "comparator") for side in sides)
    quotient = above / below if below and exact else None
    text = ":".join(_shown(side) for side in sides)
    return Value(number=quotient if quotient is None or isfinite(quotient) else None, unit=units, text=text)


def _shown(quantity: object) -> str:
    found = number(inside(quantity, "value"))
    return "" if found is None else f"{word(inside(quantity, 'comparator'))}{found:g}"


def _period(value: object) -> Value | None:
    ends = word(inside(value, "start")), word(inside(value, "end"))
    return Value(text="/".join(ends)) if any(ends) else None


def _reference(value: object) -> Value | None:
    found = reference(value)
    return Value(text=found) if found else None


_READERS: dict[str, Callable[[object], Value | None]] = {
    "valueQuantity": _quantity,
    "valueCodeableConcept": _concept,
    "valueString": _text,
    "valueBoolean": _boolean,
    "valueInteger": _number,
    "valueDecimal": _number,
    "valueRange": _range,
    "valueRatio": _ratio,
    "valueTime": _text,
    "valueDateTime": _text,
    "valueDate": _text,
    "valuePeriod": _period,
    "valueCoding": _coding,
    "valueReference": _reference,
    "valueUri": _text,
}

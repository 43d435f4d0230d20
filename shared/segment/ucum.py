"""What a UCUM code measures: its dimension, and how its numbers become those of the base units, exactly.

Read by shared.segment.units. Grammar and table of units are those of ucumvert (UCUM 2.2,
https://ucum.org/ucum); the arithmetic is ours, in fractions, as docs/adr/0011 says. Imported only when two
different units meet: it takes a tenth of a second.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from lark import Lark, Token
from lark.exceptions import LarkError
from msgspec import Struct
from ucumvert import get_ucum_parser, xml_util  # type: ignore[import-untyped] # it ships no types

type Dimension = tuple[tuple[str, int], ...]
"""What is measured: base units and their powers, sorted; () for a plain number."""

LONGEST = 64
"""Characters of a code; the longest of UCUM's own examples has 30."""

_LARGEST_POWER = 40
"""10*24 is a power that people write; beyond this it is no unit but an attack on the arithmetic."""

_OFFSETS = {"Cel": Fraction("273.15"), "degF": Fraction("459.67") * 5 / 9, "degRe": Fraction("273.15")}
"""Where the zero of a scale of temperature lies, in kelvin, by the name of its function in the table."""


class Unit(Struct, frozen=True):
    """A unit: the number of base units is number x factor + offset."""

    factor: Fraction
    dimension: Dimension = ()
    offset: Fraction = Fraction(0)


ONE = Unit(Fraction(1))


class _NoUnitError(Exception):
    """The text follows the grammar and is no unit all the same."""


@lru_cache(1024)
def read_unit(code: str) -> Unit | None:
    """Read a UCUM code (case-sensitive); None for what is none. Never raises."""
    if len(code) > LONGEST:
        return None
    try:
        return _value(_parser().parse(code))
    except (LarkError, _NoUnitError):
        return None


@cache
def _parser() -> Lark:
    parser: Lark = get_ucum_parser()
    return parser


def _value(node: Any) -> Unit:
    """Evaluate a node of the parse tree."""
    if isinstance(node, Token):
        return ONE  # an annotation: it changes nothing
    match node.data, node.children:
        case "main_term", [_, inner]:
            return _over(ONE, _value(inner))
        case "term", [left, operator, right]:
            join = _times if operator == "." else _over
            return join(_value(left), _value(right))
        case "annotatable", [inner, exponent]:
            return _power(_value(inner), int(exponent))
        case "simple_unit", atoms:
            return _simple(atoms)
        case _, [inner, *_]:
            return _value(inner)
    raise _NoUnitError


def _simple(atoms: list[Token]) -> Unit:
    if atoms[0].type == "FACTOR":
        return Unit(Fraction(int(atoms[0])))
    unit = _atom(str(atoms[-1]))
    if len(atoms) == 1:
        return unit
    return Unit(unit.factor * _prefixes()[str(atoms[0])], unit.dimension, unit.offset)


def _plain(unit: Unit) -> Unit:
    """Refuse a scale with a zero of its own: nothing can be multiplied with it, as UCUM says of such."""
    if unit.offset:
        raise _NoUnitError
    return unit


def _times(left: Unit, right: Unit) -> Unit:
    if ONE in (left, right):
        return left if right == ONE else right
    powers = dict(_plain(left).dimension)
    for base, power in _plain(right).dimension:
        powers[base] = powers.get(base, 0) + power
    return Unit(left.factor * right.factor, _sorted(powers))


def _over(left: Unit, right: Unit) -> Unit:
    return left if right == ONE else _times(left, _power(right, -1))


def _power(unit: Unit, exponent: int) -> Unit:
    if abs(exponent) > _LARGEST_POWER:
        raise _NoUnitError
    powers: dict[str, int] = {}
    for base, power in _plain(unit).dimension:
        name = _turned(base) if exponent < 0 else base
        powers[name] = power * (abs(exponent) if name.startswith("mol") else exponent)
    return Unit(unit.factor**exponent, _sorted(powers))


def _turned(base: str) -> str:
    """Name a mole below the line apart, so that mol/mol does not cancel: see `_atom`."""
    return {"mol": "mol below", "mol below": "mol"}.get(base, base)


def _sorted(powers: dict[str, int]) -> Dimension:
    return tuple(sorted((base, power) for base, power in powers.items() if power))


@cache
def _atom(code: str) -> Unit:
    """Return what the table says of a unit without prefix.

    Arbitrary units and scales that are neither straight nor shifted (pH, decibel) are commensurable with
    nothing but themselves. So is the mole, and a share in moles: UCUM counts 6.02e23 for it, but mmol/mol of
    one thing are not mg/g or % of it, and nobody would want platelets in moles.
    """
    element = _table()[code]
    value = element.find("{*}value")
    if value is None or code == "mol":
        return Unit(Fraction(1), ((code, 1),))
    function = value.find("{*}function")
    unit = (value if function is None else function).attrib["Unit"]
    if function is not None and function.attrib["name"] not in _OFFSETS:
        return Unit(Fraction(1), ((code, 1),))
    if element.get("isArbitrary") and unit == "1":
        return Unit(Fraction(1), ((code, 1),))
    inner = read_unit(unit)
    assert inner is not None, "every unit of the table is defined by others"
    factor = Fraction((value if function is None else function).attrib["value"])
    offset = _OFFSETS[function.attrib["name"]] if function is not None else Fraction(0)
    return Unit(inner.factor * factor, inner.dimension, offset)


@cache
def _table() -> dict[str, Element]:
    found = [*xml_util.root.findall("{*}base-unit"), *xml_util.root.findall("{*}unit")]
    return {element.attrib["Code"]: element for element in found}


@cache
def _prefixes() -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for element in xml_util.root.findall("{*}prefix"):
        value = element.find("{*}value")
        assert value is not None
        found[element.attrib["Code"]] = Fraction(value.attrib["value"])
    return found

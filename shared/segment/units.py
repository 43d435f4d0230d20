"""Units of measure: is it one, and how numbers in one become numbers in another.

For the thresholds of segments (shared.segment.values). Codes are UCUM's, case-sensitive
(https://ucum.org/ucum); what UCUM does not know is looked up among the usual spellings. What reads UCUM is
loaded once two units differ.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import inf, isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from shared.segment.spellings import meant, plain

if TYPE_CHECKING:
    from shared.segment.ucum import Unit

_USUAL = """
1 % mm[Hg] mg/dL g/dL g/L mmol/L umol/L mmol/mol kg kg/m2 cm m g mg [lb_av] [in_i] Cel [degF] /min
a mo wk d h min mL/min/{1.73_m2} mL/min mg/g 10*3/uL 10*9/L ng/mL ug/L U/L [IU]/L m[IU]/L meq/L {score}
"""
USUAL = frozenset(_USUAL.split())
"""Codes that need no looking up: most definitions are read without loading what reads UCUM."""


class Conversion(Struct, frozen=True):
    """A function from numbers in one unit to numbers in another: number x scale + shift, exactly.

    The number counts as the decimal that it is written as: 165.1 cm are 65 inches, and not a little less.
    """

    scale: Fraction
    shift: Fraction = Fraction(0)

    def __call__(self, number: float) -> float:
        """Convert; what is too large for a float is infinite."""
        if not isfinite(number):
            return number
        try:
            return float(Fraction(repr(float(number))) * self.scale + self.shift)
        except OverflowError:
            return inf if number > 0 else -inf


SAME = Conversion(Fraction(1))


def converter(found: str, wanted: str) -> Conversion | None:
    """Return what converts numbers in `found` to `wanted`; None where that cannot be done. Never raises.

    mg/dL and mmol/L cannot be compared: that takes the mass of a mole, and of what. Annotations ("{score}")
    do not count; "", "1" and an annotation alone are the unit of plain numbers. But what has no unit at all
    ("") is no share to be turned into per cent: somebody may have left out the sign.
    """
    return SAME if found == wanted else _between(found, wanted)


def is_unit(text: str) -> bool:
    """Say whether this is a UCUM code: "mm[Hg]" is, "mmHg" is not. "" is none: write "1"."""
    return text in USUAL or _read(text) is not None


def suggestion(text: str) -> str:
    """Return the UCUM code for what is not written as one, or ""."""
    return meant(text) or (plain(text) if is_unit(plain(text)) else "")


@lru_cache(4096)
def _between(found: str, wanted: str) -> Conversion | None:
    """Try what `found` says as a code, then what people mean by it."""
    target = _read(wanted or "1") or _read(meant(wanted))
    if target is None:
        return None
    if not found:
        return SAME if target == _read("1") else None
    for code in (found, meant(found), plain(found), found.lower() if found.isupper() else ""):
        source = _read(code)
        if source is not None and source.dimension == target.dimension:
            return _conversion(source, target)
    return None


def _conversion(source: Unit, target: Unit) -> Conversion:
    return Conversion(source.factor / target.factor, (source.offset - target.offset) / target.factor)


def _read(code: str) -> Unit | None:
    if not code:
        return None
    from shared.segment.ucum import read_unit  # a tenth of a second: only where it is needed

    return read_unit(code)

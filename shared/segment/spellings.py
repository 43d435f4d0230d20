"""How hospitals write units that are no UCUM codes, and which code is meant. Read by shared.segment.units.

Only what can mean one thing. Where the text is a UCUM code as well ("F" is farad, "ft" femtotonne), its UCUM
meaning comes first, and the spelling counts only where that could not be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_MEANT = {
    "1": "none ratio unitless dimensionless no_units number count score points point pts index",
    "%": "percent pct per_cent percentage",
    "/min": "bpm beats/min beats/minute beat/min breaths/min breaths/minute br/min brpm /minute per_minute",
    "mm[Hg]": "mmhg mm_hg mm(hg) mmofhg torr",
    "cm[H2O]": "cmh2o cm_h2o cmofh2o",
    "Cel": "c °c degc deg_c degrees_c celsius degrees_celsius degree_celsius deg_celsius",
    "[degF]": "f °f degf deg_f degrees_f fahrenheit degrees_fahrenheit degree_fahrenheit deg_fahrenheit",
    "a": "y yr yrs year years y.o. years_old",
    "mo": "mon mos mth mths month months",
    "wk": "wks week weeks",
    "d": "day days",
    "h": "hr hrs hour hours",
    "min": "mins minute minutes",
    "s": "sec secs second seconds",
    "[lb_av]": "lb lbs pound pounds",
    "[oz_av]": "oz ounce ounces",
    "kg": "kgs kilo kilos kilogram kilograms",
    "g": "gm gms gram grams",
    "mg": "mgs milligram milligrams",
    "ug": "mcg mcgs microgram micrograms",
    "cm": "cms centimeter centimeters centimetre centimetres",
    "m": "meter meters metre metres",
    "[in_i]": "in in. inch inches",
    "[ft_i]": "ft ft. foot feet",
    "mL": "cc ccs milliliter milliliters millilitre millilitres",
    "L": "liter liters litre litres",
    "kg/m2": "kg/m^2 kg/m**2 kg/sqm kg/sq_m kg/m_2 kg/(m^2)",
    "m2": "m^2 m**2 sqm sq_m",
    "10*3/uL": "k/ul k/mcl k/cmm k/mm3 thou/ul thou/mcl thousand/ul x10^3/ul x10*3/ul x10e3/ul x103/ul"
    " 10e3/ul 1000/ul th/ul 10_3/ul x10(3)/mcl 10(3)/mcl 10^3/mcl x10^3/mcl 10^3/mm3",
    "10*6/uL": "m/ul m/mcl mil/ul million/ul x10^6/ul x10*6/ul x10e6/ul x106/ul 10e6/ul 10^6/mcl x10^6/mcl"
    " 10(6)/mcl x10(6)/mcl",
    "10*9/L": "x10^9/l x10*9/l x10e9/l x109/l 10e9/l",
    "10*12/L": "x10^12/l x10*12/l x10e12/l x1012/l 10e12/l",
    "/uL": "cells/ul cells/mcl cells/mm3 cells/cmm /mcl cell/ul",
    "/[HPF]": "/hpf per_hpf cells/hpf",
    "/[LPF]": "/lpf per_lpf",
    "mL/min/{1.73_m2}": "ml/min/1.73m2 ml/min/1.73_m2 ml/min/1.73m^2 ml/min/1.73_m^2 ml/min/1.73.m2"
    " ml/min/1.73sqm ml/min/1.73_sqm ml/min/1.73_sq_m ml/min/1.73 ml/min/1.73_m**2 ml/min/bsa"
    " ml/min/1.73m2_bsa ml/min/(1.73_m2) ml/min/(1.73m2) ml/min_per_1.73_m2",
    "ug/L": "mcg/l",
    "ug/dL": "mcg/dl",
    "ug/mL": "mcg/ml",
    "ug/mg": "mcg/mg mcg/mg_creat mcg/mg_cr ug/mg_creat ug/mg_cr",
    "mg/g": "mg/g_creat mg/g_cr mg/g_creatinine mg/g(creat) mg/gcreat mg/gcr mg/gm_creat mg/gm mg/gm_cr",
    "mg/mmol": "mg/mmol_creat mg/mmol_cr",
    "g/dL": "gm/dl gms/dl g_dl gram/dl grams/dl",
    "mg/(24.h)": "mg/24h mg/24hr mg/24hrs mg/24_h mg/24_hr mg/24_hrs mg/24_hours mg/day",
    "[IU]": "iu",
    "[IU]/L": "iu/l",
    "[IU]/mL": "iu/ml",
    "m[IU]/L": "miu/l",
    "m[IU]/mL": "miu/ml",
    "u[IU]/mL": "uiu/ml mciu/ml",
    "U/L": "unit/l units/l",
    "meq": "meq mequiv",
    "meq/L": "meq/l mequiv/l",
    "mosm/kg": "mosm/kg mosmol/kg mosm/kg_h2o",
    "[pH]": "ph ph_units ph_unit",
    "L/min": "lpm",
}

SPELLINGS: Mapping[str, str] = MappingProxyType(
    {spelling.replace("_", " "): code for code, spellings in _MEANT.items() for spelling in spellings.split()}
)
"""Spelling, as `_folded` leaves it → UCUM code."""

_SIGNS = str.maketrans("²³µμº˚\u2044\u00d7", "23uu°°/x")


def plain(text: str) -> str:
    """Write a code without spaces and the signs that UCUM lacks: "kg / m²" is "kg/m2"."""
    return "".join(text.translate(_SIGNS).split())


def meant(text: str) -> str:
    """Return the UCUM code that a spelling stands for, or ""."""
    folded = _folded(text)
    return SPELLINGS.get(folded) or SPELLINGS.get(folded.replace(" ", ""), "")


def _folded(text: str) -> str:
    """Write a unit as the table does: lower case, plain signs, single spaces and none about a stroke."""
    parts = text.translate(_SIGNS).lower().split("/")
    return "/".join(" ".join(part.split()) for part in parts)

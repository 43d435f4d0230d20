"""Units: UCUM codes and what people write instead, converted exactly, or not at all."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fhir.fact import Value
from shared.segment.criterion import Context
from shared.segment.spellings import SPELLINGS
from shared.segment.ucum import read_unit
from shared.segment.units import USUAL, converter, is_unit, suggestion
from shared.segment.values import ValuePattern
from shared.segment.valuesets import ValueSets
from shared.segment.wall import wall_of
from tests.unit.segment.making import at, observation, record, segment

steady = settings(deadline=None, derandomize=True)

_METRIC = ("g", "m", "L", "mol", "s", "[iU]", "m[Hg]", "eq", "U", "Pa")
_PREFIXES = ("", "m", "u", "k", "d", "M", "n")
_POWERS = ("", "2", "-1", "3")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Draw two codes of one dimension: the same parts, other prefixes, factors and annotations anywhere."""
    found, wanted = "", ""
    for operator in ("", *draw(st.lists(st.sampled_from("./"), max_size=2))):
        atom, power = draw(st.sampled_from(_METRIC)), draw(st.sampled_from(_POWERS))
        ours, theirs = draw(st.sampled_from(_PREFIXES)), draw(st.sampled_from(_PREFIXES))
        found, wanted = f"{found}{operator}{ours}{atom}{power}", f"{wanted}{operator}{theirs}{atom}{power}"
    extra = st.sampled_from(("", ".%", "/10*3", "{note}", ".[pi]"))
    return found + draw(extra), wanted + draw(extra)


_TEMPERATURES = st.sampled_from(("Cel", "[degF]", "K", "[degR]", "[degRe]", "mK"))


def turned(number: float, found: str, wanted: str) -> float | None:
    convert = converter(found, wanted)
    return None if convert is None else convert(number)


@pytest.mark.parametrize(
    ("number", "found", "wanted", "expected"),
    [
        (180, "mg/dL", "g/L", 1.8),
        (0.09, "1", "%", 9),
        (9, "%", "1", 0.09),
        (37, "Cel", "[degF]", 98.6),
        (100.4, "[degF]", "Cel", 38),
        (310.15, "K", "Cel", 37),
        (5, "[iU]/L", "[IU]/L", 5),
        (2, "m[IU]/L", "u[IU]/mL", 2),
        (4.5, "10*3/uL", "10*9/L", 4.5),
        (4.5, "10^3/uL", "10*9/L", 4.5),
        (100, "[lb_av]", "kg", 45.359237),
        (165.1, "cm", "[in_i]", 65),
        (59, "mL/min/{1.73_m2}", "mL/min", 59),
        (18, "mo", "a", 1.5),
        (2, "wk", "d", 14),
        (4, "meq/L", "mmol/L", 4),
        (20, "kPa", "mm[Hg]", 150.01275108384213),
        (140, "mm[Hg]{sitting}", "mm[Hg]", 140),
        (30, "mg/g{creat}", "ug/mg", 30),
        (48, "mmol/mol{Hb}", "mmol/mol", 48),
        (3, "", "1", 3),
        (3, "{score}", "1", 3),
        (3, "", "{score}", 3),
        (3, "1", "{score}", 3),
        (20, "dB", "B", 2),
        (8, "g%", "g/dL", 8),
    ],
)
def test_numbers_are_converted_as_ucum_says(number, found, wanted, expected):
    assert turned(number, found, wanted) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("mg/dL", "mmol/L"),
        ("mmol/mol", "%"),
        ("mmol/mol", "mg/g"),
        ("mmol/L", "/L"),
        ("[CFU]/mL", "/mL"),
        ("[iU]/L", "U/L"),
        ("[pH]", "mol/L"),
        ("[arb'U]", "1"),
        ("", "%"),
        ("", "mg"),
        ("rubbish", "mg"),
        ("mg", "rubbish"),
        ("Cel/m", "K/m"),
        ("10*99999999", "1"),
    ],
)
def test_what_cannot_be_compared_is_not(found, wanted):
    assert converter(found, wanted) is None


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("mmHg", "mm[Hg]"),
        ("mm Hg", "mm[Hg]"),
        ("lbs", "[lb_av]"),
        ("kg/m²", "kg/m2"),
        ("kg / m^2", "kg/m2"),
        ("bpm", "/min"),
        ("breaths/min", "/min"),
        ("mg/dl", "mg/dL"),
        ("MG/DL", "mg/dL"),
        ("µg/L", "ug/L"),
        ("mcg/dL", "ug/dL"),
        ("deg F", "[degF]"),
        ("°F", "[degF]"),
        ("F", "[degF]"),
        ("C", "Cel"),
        ("years", "a"),
        ("percent", "%"),
        ("K/uL", "10*3/uL"),
        ("x10E3/uL", "10*9/L"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("mEq/L", "meq/L"),
        ("mIU/L", "m[IU]/L"),
        ("ft", "[ft_i]"),
        ("pH", "[pH]"),
        ("points", "{score}"),
    ],
)
def test_the_usual_spellings_are_understood(found, wanted):
    assert turned(7.5, found, wanted) == 7.5


def test_a_code_means_what_ucum_says_wherever_it_can_be_compared():
    """A femtotonne is a mass, though people mean feet; megametres are no millimetres."""
    assert turned(1, "ft", "ng") == 1
    assert turned(1, "Mm", "m") == 1_000_000


def test_every_spelling_stands_for_a_unit():
    assert [code for code in SPELLINGS.values() if read_unit(code) is None] == []


def test_the_usual_codes_are_codes():
    assert [code for code in USUAL if read_unit(code) is None] == []


def test_all_of_ucums_own_examples_are_units():
    text = files("ucumvert").joinpath("vendor/ucum_examples.tsv").read_text("utf-8")
    examples = [row["UCUM_CODE"] for row in csv.DictReader(text.splitlines(), delimiter="\t")]
    assert len(examples) > 800
    assert [code for code in examples if not is_unit(code)] == ["Torr"]  # it is not in UCUM's table of units


@steady
@given(pairs(), st.floats(min_value=1e-9, max_value=1e9))
def test_there_and_back_is_the_same_number(units, number):
    there, back = converter(*units), converter(*reversed(units))
    assert there is not None
    assert back is not None
    assert back(there(number)) == pytest.approx(number, rel=1e-12, abs=0)


@steady
@given(_TEMPERATURES, _TEMPERATURES, st.floats(-1e6, 1e6))
def test_there_and_back_is_the_same_temperature(found, wanted, number):
    back = turned(turned(number, found, wanted), wanted, found)
    assert back == pytest.approx(number, rel=1e-12, abs=1e-9)


@steady
@given(st.text(max_size=80), st.text(max_size=80), st.floats())
def test_no_text_and_no_number_is_too_strange(found, wanted, number):
    is_unit(found), suggestion(found)
    convert = converter(found, wanted)
    if convert is not None:
        convert(number)


@steady
@given(st.text("mgkL[]{}()./*^0123456789-uCel%", max_size=70))
def test_no_code_is_too_strange(code):
    convert = converter(code, "mg")
    assert convert is None or isinstance(convert(1.5), float)


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("mmHg", 'mmHg is no UCUM unit, write "mm[Hg]"'),
        ("kg/m²", 'kg/m² is no UCUM unit, write "kg/m2"'),
        ("furlongs", "furlongs is no UCUM unit"),
    ],
)
def test_authors_are_told_of_units_that_are_none(unit, said):
    with pytest.raises(ValueError, match="is no UCUM unit") as told:
        ValuePattern(above=1, unit=unit)
    assert said in str(told.value)


def judged(value: Value, **pattern) -> bool:
    context = Context(ValueSets.of([]), wall_of(UTC), {}, "", [])
    return ValuePattern(**pattern).judge(context)(value)


def test_a_threshold_looks_at_the_value_in_its_own_unit():
    assert judged(Value(200, "[lb_av]"), at_least=90, unit="kg")
    assert not judged(Value(198, "[lb_av]"), at_least=90, unit="kg")
    assert judged(Value(38.1, "Cel"), above=100.4, below=101, unit="[degF]")
    assert judged(Value(90, "mg/dL", text="<"), below=1, unit="g/L")
    assert not judged(Value(90, "mg/dL", text=">"), below=1, unit="g/L")


def test_reasons_keep_the_value_as_it_was_written():
    heavy = observation(220, "2021-01-01", unit="[lb_av]", title="Weight")
    rule = segment("has: {type: Observation, value: {above: 90, unit: kg}}")
    found = rule.evaluate(record(heavy), at("2021-02-01T00:00:00Z"))
    assert (found.member, found.reason) == (True, "Weight 220 [lb_av] > 90 kg on 2021-01-01")


def test_nothing_that_reads_ucum_is_loaded_while_units_are_the_same():
    """A cold start must not wait for it."""
    lines = (
        "import sys",
        "from shared.segment.values import ValuePattern",
        "from shared.segment.units import converter",
        "ValuePattern(above=9, unit='%')",
        "assert converter('%', '%')(9) == 9",
        "assert not {'ucumvert', 'lark', 'pint'} & set(sys.modules), 'loaded too early'",
        "assert converter('mg/dL', 'g/L')(100) == 1",
        "assert 'ucumvert' in sys.modules",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

"""FHIRPath filters: which authors may write, what they are told of others, and what is true of a resource."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.fhir.filters import check_expression
from shared.fhir.lens import is_true

steady = settings(deadline=None, derandomize=True)

HBA1C = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
    "effectiveDateTime": "2025-08-31T09:00:00Z",
    "valueQuantity": {"value": 8.2, "unit": "%"},
    "referenceRange": [{"high": {"value": 6.0}}],
    "extension": [{"url": "http://example.org/device", "valueCode": "poc"}],
}
ADA = {
    "resourceType": "Patient",
    "id": "ada",
    "birthDate": "1980-05-17",
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
    "name": [{"use": "official", "given": ["Ada", "Mary"]}, {"use": "nickname", "given": ["A"]}],
}
ANSWERS = {
    "resourceType": "QuestionnaireResponse",
    "id": "q",
    "item": [
        {"linkId": "1", "item": [{"linkId": "1.2", "answer": [{"valueBoolean": True}]}]},
        {"linkId": "2", "answer": [{"valueDecimal": 3.5, "item": [{"linkId": "2.1"}]}]},
    ],
}


@pytest.mark.parametrize(
    ("expression", "resource"),
    [
        ("value.ofType(Quantity).value > 8", HBA1C),
        ("Observation.value.ofType(Quantity).value > 8", HBA1C),
        ("(value as Quantity).value > 8", HBA1C),
        ("value is Quantity", HBA1C),
        ("effective.ofType(dateTime) > @2025-01-01", HBA1C),
        ("extension('http://example.org/device').value = 'poc'", HBA1C),
        ("referenceRange.high.value < %resource.value.ofType(Quantity).value", HBA1C),
        ("code.coding.where(system = %loinc and code = '4548-4').exists()", HBA1C),
        ("status in ('final' | 'amended')", HBA1C),
        ("status.matches('^fin')", HBA1C),
        ("descendants().where($this = 'poc').exists()", HBA1C),
        ("deceased.ofType(boolean) = false", ADA),
        ("multipleBirth.ofType(integer) = 2", ADA),
        ("birthDate < @1990-01-01", ADA),
        ("name.where(use = 'official').given.count() = 2", ADA),
        ("telecom.empty()", ADA),
        ("repeat(item).where(linkId = '1.2').answer.value = true", ANSWERS),
        ("descendants().linkId.count() = 4", ANSWERS),
        ("(item.linkId | item.item.linkId).count() = 3", ANSWERS),
        ("item.where(linkId = '2').answer.value.ofType(decimal) >= 3.5", ANSWERS),
        ("status", HBA1C),
    ],
)
def test_true(expression, resource):
    assert check_expression(expression) is None
    assert is_true(expression, resource)


@pytest.mark.parametrize(
    ("expression", "resource"),
    [
        ("value.ofType(string).exists()", HBA1C),
        ("value.ofType(Quantity).value > 9", HBA1C),
        ("Condition.code.exists()", HBA1C),
        ("deceased", ADA),
        ("gender", ADA),
        ("{}", ADA),
        ("name.given", ADA),
        ("name.single().exists() and name.given > 5", ADA),
        ("name.given.first() > 5", ADA),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_not_true(expression, resource):
    """Nothing, false, several items and what cannot be compared: none of them is true."""
    assert not is_true(expression, resource)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "is no FHIRPath: it cannot be read from character 1 on"),
        ("status = 'final' and", "is no FHIRPath"),
        ("status final", "it cannot be read from character 8 on"),
        ("value.exists(", "is no FHIRPath"),
        ("status = 'final", "is no FHIRPath"),
        ("birthDate < today()", "today() would be asked once"),
        ("now() > @2020", "now() would be asked once"),
        ("subject.resolve() is Patient", "resolve() is no function"),
        ("code.memberOf('http://x')", "memberOf() is no function"),
        ("exist()", "exist() is no function"),
        ("name.aggregate($total & $this)", "aggregate() is no function"),
        ("value > %limit", "%limit is not known"),
        ("value > 8 '%'", "8'%' cannot be compared here"),
        ("iif(true)", "cannot be evaluated"),
        ("(1).repeat($this + 1)", "repeat() takes a path here"),
        ("descendants().descendants()", "once only"),
        ("repeat(item | answer.item)", "repeat() takes a path here"),
        ("(value | component.value).ofType(Quantity)", "a step after |"),
        ("component.distinct().value", "a step after |"),
        ("(a | b)[0].c", "a step after |"),
        ("status.matches('(a+)+$')", "repeats a repetition"),
        ("status.matches('(a|b*)*')", "repeats a repetition"),
        ("status.matches('(')", "no regular expression"),
        ("status.matches(code.text)", "takes a pattern in quotes"),
        ("a" * 501, "longer than 500"),
        ("(" * 249 + "a" + ")" * 249, "cannot be evaluated"),
    ],
)
def test_what_authors_are_told(expression, said):
    assert said in (check_expression(expression) or "")
    assert not is_true(expression, HBA1C), "what is refused is true of nothing"


def test_a_resource_is_left_as_it_was():
    before = copy.deepcopy(ANSWERS)
    is_true("repeat(item).where(linkId = '1.2').answer.value = true", ANSWERS)
    assert before == ANSWERS


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@steady
@given(
    st.dictionaries(st.sampled_from(["status", "code", "value", "valueQuantity", "item", "name"]), _JSON),
    st.sampled_from(
        ["value.ofType(Quantity).value > 8", "code.coding.code = 'a'", "repeat(item).linkId = 'x'"]
    ),
)
def test_no_resource_is_too_strange(elements, expression):
    assert is_true(expression, {"resourceType": "Observation", **elements}) in (True, False)


@steady
@example("a.b.c.d" * 70)
@given(st.text(max_size=60) | st.text("abc.()'|=<>&%$@0 ", max_size=60))
def test_no_expression_is_too_strange(expression):
    problem = check_expression(expression)
    assert problem is None or problem
    assert is_true(expression, HBA1C) in (True, False)


def test_the_engine_is_not_loaded_before_it_is_asked():
    """A cold start must not wait for it, nor a project that filters nothing."""
    lines = (
        "import sys",
        "from shared.fhir.project import project",
        "project({'resourceType': 'Patient', 'id': 'p'})",
        "assert not {'fhirpathpy', 'antlr4'} & set(sys.modules), 'loaded too early'",
        "from shared.fhir.lens import is_true",
        "assert is_true('id.exists()', {'resourceType': 'Patient', 'id': 'p'})",
        "assert 'fhirpathpy' in sys.modules",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

"""What is told of a field that is wrong: the path, what is wrong with it, what was expected, and no value."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from functions.admin.faults import _SAID, said
from shared.access.roles import Role
from tests.admin.admin_kit import Desk


class _Cat(BaseModel):
    kind: Literal["cat"]


class _Dog(BaseModel):
    kind: Literal["dog"]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int = Field(1, ge=1, le=9)
    word: str = Field("aa", pattern="^[a-z]+$", min_length=2, max_length=5)
    yes: bool = False
    sort: Literal["title", "url"] = "url"
    many: list[str] = Field([], max_length=2)
    pet: Annotated[_Cat | _Dog, Field(discriminator="kind")] = _Cat(kind="cat")


SECRET = "Núñez-4711"


@pytest.mark.parametrize(
    ("sent", "what", "expected"),
    [
        ({"number": 0}, "is too small", "1 or more"),
        ({"number": SECRET}, "must be a whole number", ""),
        ({"word": SECRET[:5]}, "has another form", "^[a-z]+$"),
        ({"word": "abcdef"}, "is too long", "5 characters or fewer"),
        ({"yes": SECRET}, "must be true or false", ""),
        ({"sort": SECRET}, "is none of what may stand here", "'title' or 'url'"),
        ({"many": ["a"] * 3}, "has too many items", "2 or fewer"),
        ({"pet": {"kind": SECRET}}, "is of a kind that there is not", "'cat', 'dog'"),
        ({"pet": {}}, "must say which kind it is", "'kind'"),
        ({"other": SECRET}, "is not known here", "no such field"),
    ],
)
def test_a_fault_says_what_was_expected(sent: dict[str, Any], what: str, expected: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _Asked.model_validate(sent)
    assert said(refused.value.errors()[0]) == (what, expected)


@given(st.dictionaries(st.sampled_from(["number", "word", "yes", "sort", "many", "pet"]), st.just(SECRET)))
def test_what_was_sent_is_never_quoted(sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        _Asked.model_validate({**sent, "pet": {"kind": SECRET}})
    assert all(SECRET not in " ".join(said(each)) for each in refused.value.errors())


def test_every_fault_that_we_word_is_one_of_the_framework_with_what_we_fill_in() -> None:
    known = {str(each["type"]): each.get("example_context") or {} for each in list_all_errors()}
    for kind, (_, expected) in _SAID.items():
        assert set(re.findall(r"{(\w+)}", expected)) <= known[kind].keys(), kind


async def test_a_kind_of_proof_that_there_is_not_is_not_quoted(desk: Desk) -> None:
    body = {"name": "clinic", "formats": ["rest-hook"], "proofs": [{"kind": SECRET}]}
    answer = await desk.call("POST", "/sources", Role.FHIR_SYNC_ADMIN, body)
    assert answer.status_code == 422
    (fault,) = answer.json()["problems"]
    assert (fault["where"], fault["what"]) == ("body.proofs[0]", "is of a kind that there is not")
    assert "hmac" in fault["expected"]
    assert SECRET not in answer.text

"""What is looked for on the FHIR server is one value of one parameter, whatever it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.fhir.fact import Name, Person
from shared.ports import FhirServer
from shared.usecases.patients.search import Wanted, escaped, full_name, search
from tests.unit.memory_kit import Time, in_memory

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)


def values_of(text: str) -> list[str]:
    """Read a parameter as a FHIR server does: values stand between commas that are not escaped."""
    values, plain = [""], iter(text)
    for letter in plain:
        if letter == ",":
            values.append("")
        else:
            values[-1] += next(plain) if letter == "\\" else letter
    return values


@given(ANY_TEXT)
def test_what_is_escaped_is_one_value_and_the_same(text: str) -> None:
    assert values_of(escaped(text)) == [text]


class Asked:
    """A FHIR server that remembers what it was asked."""

    def __init__(self) -> None:
        self.params: dict[str, list[str]] = {}

    async def find(
        self, resource_type: str, params: Mapping[str, str | Sequence[str]], limit: int
    ) -> tuple[Mapping[str, object], ...]:
        """Find nobody."""
        assert resource_type == "Patient"
        self.params = parse_qs(urlencode(params, doseq=True), keep_blank_values=True)
        return ()


async def asked(wanted: Wanted) -> dict[str, list[str]]:
    server = Asked()
    fhir: FhirServer = server  # type: ignore[assignment]  # a search asks for nothing else
    assert await search(replace(in_memory(Time()), fhir=fhir), wanted, 7) == ()
    assert server.params.pop("_count") == ["7"]
    return server.params


@given(ANY_TEXT, ANY_TEXT)
async def test_an_identifier_never_becomes_another_parameter(system: str, value: str) -> None:
    (name, told), *others = (await asked(Wanted(system=system, identifier=value))).items()
    assert (name, others, told) == ("identifier", [], [f"{escaped(system)}|{escaped(value)}"])


@given(ANY_TEXT.filter(lambda text: bool(text.split())))
async def test_each_word_of_a_name_must_hold(name: str) -> None:
    params = await asked(Wanted(name=name, birth_date="1970"))
    assert params.pop("birthdate") == ["1970"]
    assert [values_of(each) for each in params.pop("name")] == [[word] for word in name.split()]
    assert params == {}


@pytest.mark.parametrize(
    ("said", "sought"),
    [
        ("(206) 555-0123", ["(206) 555-0123", "+12065550123"]),
        ("+12065550123", ["+12065550123"]),
        ("1", ["1"]),
    ],
)
async def test_a_number_is_looked_for_as_it_is_said_and_as_it_is_dialled(
    said: str, sought: list[str]
) -> None:
    (told,) = (await asked(Wanted(phone=said)))["phone"]
    assert values_of(told) == sought


def test_the_official_name_goes_before_others() -> None:
    names = (Name("maiden", "Old"), Name("", "Plain", ("Ann",)), Name("official", "Lee", ("Ann", "Mo")))
    assert full_name(Person("1", names=names)) == "Ann Mo Lee"
    assert full_name(Person("1", names=names[:2])) == "Ann Plain"
    assert full_name(Person("1", names=(Name(text="Ann of Green Gables"),))) == "Ann of Green Gables"
    assert (full_name(Person("1")), full_name(None)) == ("", "")
